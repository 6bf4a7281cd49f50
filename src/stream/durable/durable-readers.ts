import { findCursor, type StreamView, type Tail } from "../journal/journal-view.ts";
import { formatOffset } from "../journal/offset.ts";
import { Frames } from "../transport/frames.ts";
import { PollSubscriber } from "../transport/poll-subscriber.ts";
import { EVENT_STREAM_HEADERS } from "../transport/server-sent-events.ts";
import { FRAME_TARGET_BYTES, type Subscribers } from "../transport/subscribers.ts";
import { bodyEncoder, durableEvents, eventEncoder } from "./durable-frames.ts";
import { nextCursor } from "./live-cursor.ts";
import { CLOSED, CURSOR, kindOf, type MediaKind, NEXT_OFFSET, SSE_ENCODING, UP_TO_DATE } from "./protocol.ts";
import type { DurableRead } from "./read-request.ts";

/** Bytes of a catch-up read's answer, unless one entry alone is larger. */
const READ_TARGET_BYTES = 1_000_000;

/** A place in a stream's bytes never changes: what was read may be kept, by its reader alone. */
const CACHED = "private, max-age=60, stale-while-revalidate=300";
/** More may have come: to be asked again. */
const REVALIDATED = "private, no-cache";
const NO_STORE = "no-store";
/** What is kept for one key is not shown to another. */
const CREDENTIALS = "Authorization, X-API-Key";

/** What is read: its identity, which no other stream has nor this one after a new beginning, and its media type. */
export interface DurableSource {
  id: string;
  contentType: string;
}

/** Headers of where an answer ends, in the words of the protocol. `next` is the entry to go on with. */
function placeHeaders(next: number, { seq, ended }: Tail): Record<string, string> {
  const isAll = next > seq;
  return {
    [NEXT_OFFSET]: formatOffset(next - 1),
    ...(isAll && { [UP_TO_DATE]: "true" }),
    ...(isAll && ended && { [CLOSED]: "true" }),
  };
}

const EMPTY: Record<MediaKind, string> = { json: "[]", text: "", bytes: "" };

/**
 * The reads of the Durable Streams protocol (5.4 to 5.8) over a journal. What fails is a status without a body: 400 for an
 * offset that the stream never gave out, 410 for one whose entries are gone, 401 where what let the reader in ended meanwhile,
 * 503 where there are as many readers as there may be.
 */
export class DurableReaders {
  readonly #view: StreamView;
  readonly #readers: Subscribers;
  readonly #source: DurableSource;
  readonly #kind: MediaKind;
  readonly #events: Frames<Uint8Array>;
  readonly #polled: Frames<Uint8Array>;

  constructor(view: StreamView, readers: Subscribers, source: DurableSource) {
    this.#view = view;
    this.#readers = readers;
    this.#source = source;
    this.#kind = kindOf(source.contentType);
    this.#events = readers.keep(new Frames(view, eventEncoder(this.#kind), FRAME_TARGET_BYTES));
    this.#polled = readers.keep(new Frames(view, bodyEncoder(this.#kind), FRAME_TARGET_BYTES));
  }

  async answer(asked: DurableRead): Promise<Response> {
    if (asked.isHead) return this.#describe();
    const cursor = this.#findCursor(asked);
    if (typeof cursor === "object") return new Response(null, cursor);
    if (asked.live === undefined) return asked.start.at === "latest" ? this.#emptyTail() : this.#read(cursor, asked);
    if (this.#readers.size >= asked.maxReaders) return new Response(null, { status: 503 });
    return asked.live === "sse" ? this.#follow(cursor, asked) : this.#poll(cursor, asked);
  }

  /** Where the reader begins, or why it cannot. */
  #findCursor({ start }: DurableRead): number | { status: 400 | 410 } {
    const tail = this.#view.tail().seq;
    if (start.at === "latest") return tail + 1;
    const cursor = findCursor(this.#view, start);
    return cursor ?? { status: start.at === "after" && start.seq <= tail ? 410 : 400 };
  }

  #describe(): Response {
    const tail = this.#view.tail();
    const headers = { "Content-Type": this.#source.contentType, "Cache-Control": NO_STORE };
    return new Response(null, {
      headers: { ...headers, ...placeHeaders(tail.seq + 1, tail), ETag: this.#etag(0, tail.seq + 1, tail) },
    });
  }

  /** `offset=now` without waiting: where the stream ends, and none of it. */
  #emptyTail(): Response {
    const tail = this.#view.tail();
    const headers = { "Content-Type": this.#source.contentType, "Cache-Control": NO_STORE };
    return new Response(EMPTY[this.#kind], { headers: { ...headers, ...placeHeaders(tail.seq + 1, tail) } });
  }

  async #read(from: number, { ifNoneMatch }: DurableRead): Promise<Response> {
    const tail = this.#view.tail();
    const { body, next } = await this.#readOnce(from, tail.seq);
    const etag = this.#etag(from - 1, next, tail);
    const isSettled = next <= tail.seq || tail.ended;
    const validators = { ETag: etag, "Cache-Control": isSettled ? CACHED : REVALIDATED, Vary: CREDENTIALS };
    if (isNamed(etag, ifNoneMatch)) return new Response(null, { status: 304, headers: validators });
    const headers = { "Content-Type": this.#source.contentType, ...validators, ...placeHeaders(next, tail) };
    return new Response(body, { headers });
  }

  /** One body of entries from `from` on, up to `to`: a part of them where they are many. */
  async #readOnce(from: number, to: number): Promise<{ body: Uint8Array | string; next: number }> {
    let next = from;
    while (next <= to) {
      const reading = await this.#view.read(next, to, READ_TARGET_BYTES);
      next = reading.next;
      if (reading.segments.length > 0) return bodyEncoder(this.#kind)(reading.segments, READ_TARGET_BYTES, next);
    }
    return { body: EMPTY[this.#kind], next };
  }

  async #poll(from: number, { cursor, waitSeconds, pass }: DurableRead): Promise<Response> {
    const client = new PollSubscriber(this.#readers, this.#polled, from, waitSeconds, undefined);
    const polled = await this.#readers.serve(client, pass, client.run());
    if (polled.outcome === "refused") return new Response(null, { status: 401 });
    if (polled.outcome === "gone") return new Response(null, { status: 410 });
    const { next, tail } = polled;
    const headers = { ...placeHeaders(next, tail), [CURSOR]: nextCursor(cursor), "Cache-Control": NO_STORE };
    if (polled.outcome === "nothing") return new Response(null, { status: 204, headers });
    const described = { "Content-Type": this.#source.contentType, ETag: this.#etag(from - 1, next, tail) };
    return new Response(polled.body, { headers: { ...headers, ...described } });
  }

  #follow(from: number, { cursor, keepaliveSeconds, rotateSeconds, pass }: DurableRead): Response {
    const form = durableEvents(this.#events, cursor);
    const body = this.#readers.follow(form, from, { keepaliveSeconds, rotateSeconds }, pass);
    const encoding = this.#kind === "bytes" ? { [SSE_ENCODING]: "base64" } : {};
    return new Response(body, { headers: { ...EVENT_STREAM_HEADERS, ...encoding } });
  }

  /** The tag of entries after `from` up to `next`, with all that the headers beside them say. */
  #etag(from: number, next: number, { seq, ended }: Tail): string {
    const flags = next <= seq ? ":p" : ended ? ":c" : "";
    return `"${this.#source.id}:${formatOffset(from)}:${formatOffset(next - 1)}${flags}"`;
  }
}

/** Whether a condition names the tag, by itself or among others. */
function isNamed(etag: string, condition: string | undefined): boolean {
  const named = condition?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return named.includes(etag) || named.includes("*");
}
