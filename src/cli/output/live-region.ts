import { stripVTControlCharacters } from "node:util";

/** Milliseconds between two drawings at least. */
const FRAME_MS = 80;

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_BELOW = "\u001b[J";

/** The lines at the end of a terminal that are drawn again and again: a progress bar, a table. */
export class LiveRegion {
  readonly #stream: NodeJS.WriteStream;
  #lines = 0;
  #drawnAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #wanted: (() => string) | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Draws what `render` says, now or a moment later: of several in that moment the last one. */
  draw(render: () => string): void {
    this.#wanted = render;
    const wait = this.#drawnAt + FRAME_MS - performance.now();
    if (wait <= 0) return this.#drawNow();
    this.#timer ??= setTimeout(() => this.#drawNow(), wait);
  }

  /** Draws once more, and leaves it there. */
  finish(): void {
    if (this.#wanted) this.#drawNow();
    if (this.#lines > 0) this.#stream.write(SHOW_CURSOR);
    this.#forget();
  }

  /** Takes it away. */
  clear(): void {
    if (this.#lines > 0) this.#stream.write(`${this.#toBeginning()}${CLEAR_BELOW}${SHOW_CURSOR}`);
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = undefined;
    this.#lines = 0;
  }

  #drawNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const columns = Math.max(20, this.#stream.columns ?? 80);
    const rows = Math.max(4, this.#stream.rows ?? 24);
    const all = (this.#wanted?.() ?? "").split("\n").map((line) => cut(line, columns));
    // What has left the screen at the top cannot be drawn again.
    const shown = all.slice(0, rows - 1);
    const begin = this.#lines > 0 ? this.#toBeginning() : HIDE_CURSOR;
    this.#stream.write(`${begin}${shown.map((line) => `${line}\u001b[K\n`).join("")}${CLEAR_BELOW}`);
    this.#lines = shown.length;
    this.#drawnAt = performance.now();
  }

  #toBeginning(): string {
    return `\r\u001b[${this.#lines}A`;
  }
}

/** A line that does not wrap: without its colours where it is too long. */
function cut(line: string, columns: number): string {
  const plain = Array.from(stripVTControlCharacters(line));
  return plain.length < columns ? line : `${plain.slice(0, columns - 2).join("")}…`;
}
