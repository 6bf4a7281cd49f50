import type { ZipError } from "../read/zip-error.ts";

/** One reason to refuse an archive. */
export interface Problem {
  /** The entry at fault as the archive spells it; null when the archive as a whole is. */
  readonly entry: string | null;
  /** A stable kebab-case word for programs; docs list them. */
  readonly reason: string;
  /** For people: what is wrong and what to do. */
  readonly message: string;
}

/** Problems that one answer names: enough to mend an archive by, few enough to read. */
export const MAX_PROBLEMS = 50;

/** Collects problems up to a bound; callers stop looking once it is full. */
export class Problems {
  readonly #found: Problem[] = [];
  #more = false;

  get none(): boolean {
    return this.#found.length === 0;
  }

  get full(): boolean {
    return this.#more;
  }

  add(entry: string | null, reason: string, message: string): void {
    if (this.#found.length < MAX_PROBLEMS) this.#found.push({ entry, reason, message });
    else this.#more = true;
  }

  /** What made the archive unreadable, as a sentence. */
  addError(error: ZipError): void {
    this.add(null, error.reason, `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`);
  }

  /** What was found; the last item says so when there is more. */
  list(): Problem[] {
    if (!this.#more) return [...this.#found];
    const message = `The archive has more problems than the ${MAX_PROBLEMS} named here. Mend these and publish again.`;
    return [...this.#found, { entry: null, reason: "more-problems", message }];
  }
}
