/** Work that a validation may do before it is given up, in steps of some ten nanoseconds: below a second in all. */
export const MAX_STEPS = 60_000_000;

/** A schema and a value that together ask for more work than one request may do. */
export class TooMuchWork extends Error {
  override readonly name = "TooMuchWork";

  constructor() {
    super("Checking it takes more work than one request may do: the schema and the value multiply each other.");
  }
}

/** Counts what a validation does, so that no client can hold the thread with it. */
export class Work {
  #left: number;

  constructor(steps = MAX_STEPS) {
    this.#left = steps;
  }

  /** Throws TooMuchWork when the steps are used up. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooMuchWork();
  }
}
