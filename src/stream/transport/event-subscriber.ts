import { Bell } from "../../objects/bell.ts";
import type { Frames } from "./frames.ts";
import { ACCESS_ENDED, KEEPALIVE, resyncFrame, rotatedFrame, STREAM_END, STREAM_ERROR } from "./server-sent-events.ts";
import { type StreamView, type Tail, tailOfPart } from "../journal/journal-view.ts";

/** When a connection is told that it is alive, and when it is asked to come again; both in seconds. */
export interface ConnectionRules {
  keepaliveSeconds: number;
  rotateSeconds: number;
  /** The only part of the stream that it is for. */
  part?: number | undefined;
}

/** Bytes that are written at a time: what a slow client has to take within the deadline. */
const SLICE_BYTES = 65_536;

/** Seconds that a client may take for a slice. One that takes longer, at 550 bytes a second, is held for gone. */
export const WRITE_DEADLINE_SECONDS = 120;

/** What subscribers read from: everything up to `tail` is durable. */
export interface CommittedStream {
  view: StreamView;
  frames: Frames<Uint8Array>;
  readonly tail: Tail;
}

/**
 * One client of server-sent events: a cursor into the journal and a writer. It reads the next frame when the last one
 * was taken, so a slow client holds one frame and no more, and gets everything at its pace. Being woken only makes it
 * look again. The runtime tells of a client that went away when something is written to it, the keepalive at the latest.
 */
export class EventSubscriber {
  readonly #stream: CommittedStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #rules: ConnectionRules;
  readonly #bell = new Bell();
  /** The next entry to send; undefined for a client that has to begin anew. */
  #cursor: number | undefined;
  #isGone = false;
  #isRefused = false;
  #isWriting = false;
  /** Seconds since it connected, since something was written, and that the present write has lasted. */
  #age = 0;
  #idle = 0;
  #stuck = 0;

  constructor(
    stream: CommittedStream,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    cursor: number | undefined,
    rules: ConnectionRules,
  ) {
    this.#stream = stream;
    this.#writer = writer;
    this.#cursor = cursor;
    this.#rules = rules;
  }

  /** Sends until the stream or the client's connection ends. Rejects when reading the journal fails. */
  async run(): Promise<void> {
    try {
      const last = await this.#follow();
      if (last && (await this.#write(last))) await this.#take(() => this.#writer.close());
    } catch (error) {
      if (await this.#write(STREAM_ERROR)) await this.#take(() => this.#writer.close());
      throw error;
    }
  }

  /** Looks whether there is something to do. */
  wake(): void {
    this.#bell.ring();
  }

  /** One second has passed. Counted and not read from a clock, which may jump. */
  grow(): void {
    this.#age += 1;
    this.#idle += 1;
    this.#stuck = this.#isWriting ? this.#stuck + 1 : 0;
    if (this.#stuck >= WRITE_DEADLINE_SECONDS) this.drop();
    else this.wake();
  }

  /** Ends the connection because what opened it is good no more; one that is still being written gets nothing else. */
  refuse(): void {
    this.#isRefused = true;
    if (this.#isWriting) this.drop();
    else this.wake();
  }

  /** Ends the connection without a last frame. */
  drop(): void {
    this.#isGone = true;
    this.wake();
    void this.#take(() => this.#writer.abort(new Error("The connection was dropped.")));
  }

  /** Sends entries until there is a last frame to send, which it returns; undefined once the client is gone. */
  async #follow(): Promise<Uint8Array | undefined> {
    const { view, frames } = this.#stream;
    while (this.#cursor !== undefined) {
      if (this.#isGone) return undefined;
      if (this.#isRefused) return ACCESS_ENDED;
      if (this.#age >= this.#rules.rotateSeconds) return rotatedFrame(this.#cursor);
      const { seq, ended } = tailOfPart(view, this.#stream.tail, this.#rules.part);
      if (this.#cursor <= seq) {
        const found = frames.at(this.#cursor, seq);
        const frame = found instanceof Promise ? await found : found;
        if (frame?.body && !(await this.#write(frame.body))) return undefined;
        this.#cursor = frame?.next;
      } else if (ended) {
        return STREAM_END;
      } else if (this.#idle >= this.#rules.keepaliveSeconds) {
        if (!(await this.#write(KEEPALIVE))) return undefined;
      } else {
        await this.#bell.wait();
      }
    }
    return resyncFrame(view.head());
  }

  /** Writes as fast as the client takes it. False once the client is gone. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
      const slice = bytes.subarray(start, start + SLICE_BYTES);
      if (!(await this.#take(() => this.#writer.write(slice)))) return false;
    }
    return true;
  }

  /** Waits for the client to take what `action` gives it. A failure says that the client is gone, and nothing else. */
  async #take(action: () => Promise<void>): Promise<boolean> {
    this.#isWriting = true;
    try {
      await action();
    } catch {
      return false;
    } finally {
      this.#isWriting = false;
      this.#stuck = 0;
    }
    this.#idle = 0;
    return true;
  }
}
