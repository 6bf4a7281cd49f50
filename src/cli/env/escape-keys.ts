const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const TILDE = 0x7e;
const DOT = 0x2e;

/** Finds `~.` at the beginning of a line among what is typed, as ssh does; `~~` types a tilde. */
export class EscapeKeys {
  #isLineStart = true;
  #isEscaped = false;

  /** What goes on to the program, and whether the terminal is to be left. */
  take(bytes: Uint8Array): { typed: Uint8Array; leaves: boolean } {
    const typed: number[] = [];
    for (const byte of bytes) {
      if (this.#isEscaped) {
        this.#isEscaped = false;
        if (byte === DOT) return { typed: Uint8Array.from(typed), leaves: true };
        typed.push(TILDE);
        if (byte !== TILDE) typed.push(byte);
      } else if (byte === TILDE && this.#isLineStart) {
        this.#isEscaped = true;
        continue;
      } else {
        typed.push(byte);
      }
      this.#isLineStart = byte === CARRIAGE_RETURN || byte === LINE_FEED;
    }
    return { typed: Uint8Array.from(typed), leaves: false };
  }
}
