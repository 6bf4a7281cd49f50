import { Bell } from "../../objects/bell.ts";
import type { Frames } from "./frames.ts";
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

const NOTHING = new Uint8Array();

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Seconds that a client may take for a slice. One that takes longer, at 550 bytes a second, is held for gone. */
export const WRITE_DEADLINE_SECONDS = 120;

/** What subscribers read from: everything up to `tail` is durable; its number is negative while that is not known. */
export interface CommittedStream {
  view: StreamView;
  readonly tail: Tail;
}

/** How a stream looks as server-sent events: its entries, and the frames between and behind them. No frame where there is none. */
export interface EventForm {
  readonly frames: Frames<Uint8Array>;
  /**
   * What tells a reader where it is, in a form whose entries do not say it: behind each frame of entries, and when all was
   * sent. `cursor` is the next entry; `isAll`: there is none yet.
   */
  place?: (cursor: number, isAll: boolean) => Uint8Array;
  /** Nothing else was sent for a while. */
  keepalive: (cursor: number) => Uint8Array;
  /** The last frame of a stream that is through. */
  end: (cursor: number) => Uint8Array;
  /** The last frame of a connection that has lasted long enough. */
  rotated: (cursor: number) => Uint8Array | undefined;
  /** The last frame for a reader whose entries are not there; `head` is the first one that is. */
  resync: (head: number) => Uint8Array | undefined;
  /** The last frame of a connection whose key or token is good no more. */
  accessEnded: Uint8Array | undefined;
  /** The last frame when the server failed. */
  failed: Uint8Array | undefined;
}

/**
 * One client of server-sent events: a cursor into the journal and a writer. It reads the next frame when the last one
 * was taken, so a slow client holds one frame and no more, and gets everything at its pace. Being woken only makes it
 * look again. The runtime tells of a client that went away when something is written to it, the keepalive at the latest.
 */
export class EventSubscriber {
  readonly #stream: CommittedStream;
  readonly #form: EventForm;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #rules: ConnectionRules;
  readonly #bell = new Bell();
  /** The next entry to send; undefined for a client that has to begin anew. */
  #cursor: number | undefined;
  /** Where the reader was last told that it has all. */
  #toldAll: number | undefined;
  #isGone = false;
  #isRefused = false;
  #isWriting = false;
  /** Seconds since it connected, since something was written, and that the present write has lasted. */
  #age = 0;
  #idle = 0;
  #stuck = 0;

  constructor(
    stream: CommittedStream,
    form: EventForm,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    cursor: number | undefined,
    rules: ConnectionRules,
  ) {
    this.#stream = stream;
    this.#form = form;
    this.#writer = writer;
    this.#cursor = cursor;
    this.#rules = rules;
  }

  /** Sends until the stream or the client's connection ends. Rejects when reading the journal fails. */
  async run(): Promise<void> {
    try {
      const last = await this.#follow();
      if (!this.#isGone && (await this.#write(last))) await this.#take(() => this.#writer.close());
    } catch (error) {
      if (await this.#write(this.#form.failed)) await this.#take(() => this.#writer.close());
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

  /** Sends entries until the connection is to end, and returns its last frame; or until the client is gone. */
  async #follow(): Promise<Uint8Array | undefined> {
    const form = this.#form;
    while (this.#cursor !== undefined) {
      if (this.#isGone) return undefined;
      if (this.#isRefused) return form.accessEnded;
      if (this.#age >= this.#rules.rotateSeconds) return form.rotated(this.#cursor);
      const { seq, ended } = tailOfPart(this.#stream.view, this.#stream.tail, this.#rules.part);
      if (this.#cursor <= seq) this.#cursor = await this.#sendEntries(this.#cursor, seq);
      else if (ended) return form.end(this.#cursor);
      else if (form.place && seq >= 0 && this.#toldAll !== this.#cursor)
        await this.#write(this.#placeAt(this.#cursor, true));
      else if (this.#idle >= this.#rules.keepaliveSeconds) await this.#write(form.keepalive(this.#cursor));
      else await this.#bell.wait();
    }
    return form.resync(this.#stream.view.head());
  }

  /** Sends entries from `from` up to `to` at most. Returns where to go on; undefined when they are gone. */
  async #sendEntries(from: number, to: number): Promise<number | undefined> {
    const found = this.#form.frames.at(from, to);
    const frame = found instanceof Promise ? await found : found;
    if (!frame?.body) return frame?.next;
    const place = this.#placeAt(frame.next, frame.next > to);
    // One write where both are small: a client then has the place with the entries, and half as many chunks.
    const isSmall = place && frame.body.length + place.length <= SLICE_BYTES;
    await this.#write(isSmall ? join(frame.body, place) : frame.body);
    if (!isSmall) await this.#write(place);
    return frame.next;
  }

  #placeAt(cursor: number, isAll: boolean): Uint8Array | undefined {
    if (isAll) this.#toldAll = cursor;
    return this.#form.place?.(cursor, isAll);
  }

  /** Writes as fast as the client takes it. False once the client is gone. */
  async #write(bytes: Uint8Array = NOTHING): Promise<boolean> {
    if (this.#isGone) return false;
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
      this.#isGone = true;
      return false;
    } finally {
      this.#isWriting = false;
      this.#stuck = 0;
    }
    this.#idle = 0;
    return true;
  }
}
