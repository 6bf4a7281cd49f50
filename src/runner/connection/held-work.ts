/** A piece of work that the runner has in hand. */
export interface HeldWork {
  /** Settles when the work is over, however it went, and everything that it used is gone. Never rejects. */
  readonly finished: Promise<void>;
  /** Ends the work; `finished` settles soon after. */
  stop(reason: string): void;
}

/** What the runner says to its operator: one line. */
export type Say = (line: string) => void;
