/** Bytes that a terminal may write a second as long as it goes on, and the milliseconds that it may be ahead of that. */
const BYTES_PER_SECOND = 1024 * 1024;
const AHEAD_MS = 1_000;

/**
 * Holds up a program that writes without end: each byte is stored for those who come later, and nobody reads a screen that
 * fast. What is not known any more after a restart begins anew.
 */
export class OutputPace {
  #due = 0;
  #isWaiting = false;

  /** Counts bytes that have come. */
  add(bytes: number): void {
    this.#due = Math.max(this.#due, Date.now()) + (bytes / BYTES_PER_SECOND) * 1000;
  }

  /** Whether no more may come now; then `go` is called when it may. */
  holds(go: () => void): boolean {
    const wait = this.#due - Date.now() - AHEAD_MS;
    if (wait <= 0) return false;
    if (this.#isWaiting) return true;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      go();
    }, wait);
    return true;
  }
}
