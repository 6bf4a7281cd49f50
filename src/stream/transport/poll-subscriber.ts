import { Bell } from "../../objects/bell.ts";
import type { Encoder, Frames } from "./frames.ts";
import { formatOffset } from "../journal/offset.ts";
import { joinEntries, takeLines } from "../journal/taken-lines.ts";
import { type StreamView, type Tail, tailOfPart } from "../journal/journal-view.ts";

/** Entries as the members of a JSON array, each as it is stored. */
export const encodeEntries: Encoder<string> = (segments, maxBytes, readTo) => {
  const { lines, ...taken } = takeLines(segments, maxBytes, { framing: 0, next: readTo });
  return { ...taken, body: joinEntries(lines) };
};

/** What a long poll brings, and how far the stream went then. `next` is where to go on. */
export type Polled<T> =
  | { outcome: "entries"; body: T; next: number; tail: Tail }
  /** There is nothing after the cursor. */
  | { outcome: "nothing"; next: number; tail: Tail }
  /** What comes after the cursor is not there: begin anew. */
  | { outcome: "gone" }
  /** What let the client in is good no more. */
  | { outcome: "refused" };

/** One long poll: it is answered when there is something after its cursor, or after a while without. */
export class PollSubscriber<T> {
  readonly #stream: { view: StreamView; readonly tail: Tail };
  readonly #frames: Frames<T>;
  readonly #waitSeconds: number;
  readonly #part: number | undefined;
  readonly #bell = new Bell();
  /** The next entry to send; undefined for a client that has to begin anew. */
  #cursor: number | undefined;
  #age = 0;
  #isDropped = false;
  #isRefused = false;

  constructor(
    stream: { view: StreamView; readonly tail: Tail },
    frames: Frames<T>,
    cursor: number | undefined,
    waitSeconds: number,
    part: number | undefined,
  ) {
    this.#stream = stream;
    this.#frames = frames;
    this.#cursor = cursor;
    this.#waitSeconds = waitSeconds;
    this.#part = part;
  }

  /** Rejects when reading the journal fails, or what it holds is not known to be durable. */
  async run(): Promise<Polled<T>> {
    while (this.#cursor !== undefined) {
      if (this.#isDropped) throw new Error("The connection was dropped.");
      if (this.#isRefused) return { outcome: "refused" };
      const { seq, ended } = this.#tail;
      if (this.#cursor <= seq) {
        const found = this.#frames.at(this.#cursor, seq);
        const frame = found instanceof Promise ? await found : found;
        this.#cursor = frame?.next;
        if (frame?.body !== undefined) {
          return { outcome: "entries", body: frame.body, next: frame.next, tail: this.#tail };
        }
      } else if (ended || this.#age >= this.#waitSeconds) {
        return { outcome: "nothing", next: this.#cursor, tail: this.#tail };
      } else {
        await this.#bell.wait();
      }
    }
    return { outcome: "gone" };
  }

  get #tail(): Tail {
    return tailOfPart(this.#stream.view, this.#stream.tail, this.#part);
  }

  /** Looks whether there is something to do. */
  wake(): void {
    this.#bell.ring();
  }

  /** One second has passed. */
  grow(): void {
    this.#age += 1;
    this.#bell.ring();
  }

  refuse(): void {
    this.#isRefused = true;
    this.#bell.ring();
  }

  drop(): void {
    this.#isDropped = true;
    this.#bell.ring();
  }
}

/** What a poll brought, as the JSON of its answer; `head` is the first entry that is there. */
export function toPollAnswer(polled: Exclude<Polled<string>, { outcome: "refused" }>, head: number): string {
  if (polled.outcome === "gone") {
    return `{"entries":[],"next":"${formatOffset(head - 1)}","upToDate":false,"closed":false,"resync":true}`;
  }
  const entries = polled.outcome === "entries" ? polled.body : "";
  const { seq, ended } = polled.tail;
  const { next } = polled;
  const upToDate = next > seq;
  return `{"entries":[${entries}],"next":"${formatOffset(next - 1)}","upToDate":${upToDate},"closed":${upToDate && ended}}`;
}
