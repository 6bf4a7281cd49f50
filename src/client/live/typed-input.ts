/** Bytes of a frame of input at most. */
const FRAME_BYTES = 64 * 1024;
/** Bytes that wait for an acknowledgement at most, within the window of the protocol. */
const MOST_WAITING = 192 * 1024;

/** What was typed and is not acknowledged: kept until it is, and sent again over a new connection from where that begins. */
export class TypedInput {
  readonly #frames: Uint8Array<ArrayBuffer>[] = [];
  readonly #waiting: (() => void)[] = [];
  #base = 0;
  #length = 0;
  /** Whether the server has said where this client's input is. */
  #isPlaced = false;

  /** Resolves once there is room for more. */
  async room(): Promise<void> {
    while (this.#length >= MOST_WAITING) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Keeps what is typed, and returns it in frames to be sent. */
  add(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
    const frames: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.byteLength; at += FRAME_BYTES) frames.push(bytes.slice(at, at + FRAME_BYTES));
    this.#frames.push(...frames);
    this.#length += bytes.byteLength;
    return frames;
  }

  /** Where the server goes on with the input of this client: returns what is to be sent from there. */
  resume(offset: number): readonly Uint8Array<ArrayBuffer>[] {
    if (!this.#isPlaced) this.#base = offset;
    this.#isPlaced = true;
    this.acknowledge(offset);
    return this.#frames;
  }

  /** Forgets what lies before an offset. */
  acknowledge(offset: number): void {
    let gone = Math.min(offset - this.#base, this.#length);
    if (gone <= 0) return;
    this.#base += gone;
    this.#length -= gone;
    for (let first = this.#frames[0]; first && gone > 0; first = this.#frames[0]) {
      if (first.byteLength > gone) {
        this.#frames[0] = first.slice(gone);
        break;
      }
      gone -= first.byteLength;
      this.#frames.shift();
    }
    this.release();
  }

  /** Lets everybody go on who waits for room. */
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
