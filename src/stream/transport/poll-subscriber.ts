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

/** One long poll: it is answered when there is something after its cursor, or after a while without. */
export class PollSubscriber {
  readonly #stream: { view: StreamView; readonly tail: Tail };
  readonly #frames: Frames<string>;
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
    frames: Frames<string>,
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

  /** The answer's JSON; undefined where what let the client in is good no more. Rejects when reading the journal fails, or what it holds is not known to be durable. */
  async run(): Promise<string | undefined> {
    while (this.#cursor !== undefined) {
      if (this.#isDropped) throw new Error("The connection was dropped.");
      if (this.#isRefused) return undefined;
      const { seq, ended } = this.#tail;
      if (this.#cursor <= seq) {
        const found = this.#frames.at(this.#cursor, seq);
        const frame = found instanceof Promise ? await found : found;
        this.#cursor = frame?.next;
        if (frame?.body !== undefined) return answer(frame.body, frame.next, this.#tail);
      } else if (ended || this.#age >= this.#waitSeconds) {
        return answer("", this.#cursor, this.#tail);
      } else {
        await this.#bell.wait();
      }
    }
    const next = formatOffset(this.#stream.view.head() - 1);
    return `{"entries":[],"next":"${next}","upToDate":false,"closed":false,"resync":true}`;
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

function answer(entries: string, next: number, { seq, ended }: Tail): string {
  const upToDate = next > seq;
  return `{"entries":[${entries}],"next":"${formatOffset(next - 1)}","upToDate":${upToDate},"closed":${upToDate && ended}}`;
}
