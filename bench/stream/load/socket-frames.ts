import type { TakeSpan } from "./connection.ts";

/** Bytes of a message's front that are kept to read its offset from. */
const FRONT_BYTES = 64;

const OFFSET = /"offset":"(\d+)"/;

/** Takes apart the frames of a WebSocket as a server sends them: not masked, not compressed. */
export class SocketFrames {
  /** Bytes of messages that were taken. */
  taken = 0;
  /** The offset that the last whole message named. */
  offset = "";
  #header: number[] = [];
  #left = 0;
  #front = "";
  readonly #take: TakeSpan;
  readonly #onMessage: () => void;

  /** `take` gets the bytes of messages; `onMessage` is called when one is through. */
  constructor(take: TakeSpan, onMessage: () => void = () => undefined) {
    this.#take = take;
    this.#onMessage = onMessage;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#left === 0) {
        this.#header.push(bytes[at] ?? 0);
        at += 1;
        this.#readHeader();
      } else {
        const to = Math.min(at + this.#left, end);
        if (this.#front.length < FRONT_BYTES)
          this.#front += Buffer.from(bytes.subarray(at, Math.min(to, at + FRONT_BYTES))).toString("latin1");
        this.#take(bytes, at, to);
        this.taken += to - at;
        this.#left -= to - at;
        at = to;
        if (this.#left > 0) continue;
        this.offset = OFFSET.exec(this.#front)?.[1] ?? this.offset;
        this.#onMessage();
      }
    }
  }

  #readHeader(): void {
    const [, second = 0] = this.#header;
    const form = second & 0x7f;
    const length = form === 127 ? 10 : form === 126 ? 4 : 2;
    if (this.#header.length < length) return;
    this.#left = length === 2 ? form : this.#header.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#header = [];
    this.#front = "";
  }
}

/** A text frame of a client, masked with zeros: a mask is asked for, its value is not. */
export function textFrame(text: string): Uint8Array {
  const payload = Buffer.from(text, "latin1");
  if (payload.length > 125) throw new RangeError("only short messages are sent");
  return Buffer.concat([Uint8Array.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
