import { type CommittedStream, type ConnectionRules, type EventForm, EventSubscriber } from "./event-subscriber.ts";
import { Frames } from "./frames.ts";
import { encodeEntries, PollSubscriber, toPollAnswer } from "./poll-subscriber.ts";
import type { SocketReaders } from "./socket-readers.ts";
import { encodeEvents, EVENT_STREAM_HEADERS, taskEvents } from "./server-sent-events.ts";
import type { HasEnded, StreamPass } from "../../objects/pass.ts";
import { findCursor, type StreamStart, type StreamView, type Tail } from "../journal/journal-view.ts";
import { WakeLatch } from "../../objects/wake-latch.ts";

const SECOND_MS = 1000;

/** A client whose request is in progress. */
export type Client = Pick<EventSubscriber, "wake" | "grow" | "drop" | "refuse">;

/**
 * Milliseconds that each reader adds to the time between two rounds: a frame costs some 40 microseconds here, and as much
 * at the other end. Few readers get each append as a frame of its own, many get what has come together.
 */
const READER_TICK_MS = 0.08;
const MAX_TICK_MS = 100;

/** How far a journal is durable before the first round, and after it has grown while nobody read. */
const UNKNOWN: Tail = { seq: -1, ended: false };

/** Bytes of what a client gets at a time, unless one entry alone is larger. */
export const FRAME_TARGET_BYTES = 256_000;

/**
 * Everyone who reads a stream live. An append only wakes them; each reads the journal from its own cursor, so that there
 * is no seam between what was before a connection and what came after. They see what is durable: a round takes the
 * journal's tail, waits for `commit`, and then lets them read up to it. Without readers nothing is kept and no timer runs.
 */
export class Subscribers implements CommittedStream {
  readonly view: StreamView;
  readonly #form: EventForm;
  readonly #polled: Frames<string>;
  /** Everything that keeps frames for those who read. */
  readonly #kept: Pick<Frames<unknown>, "clear">[];
  readonly #sockets: SocketReaders;
  readonly #commit: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #latch: WakeLatch;
  readonly #clients = new Map<Client, StreamPass>();
  #tail: Tail = UNKNOWN;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `commit` resolves when what was written before it was called is durable; `onFailure` is told what went wrong. */
  constructor(
    view: StreamView,
    sockets: SocketReaders,
    commit: () => Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.view = view;
    this.#form = taskEvents(new Frames(view, encodeEvents, FRAME_TARGET_BYTES));
    this.#polled = new Frames(view, encodeEntries, FRAME_TARGET_BYTES);
    this.#kept = [this.#form.frames, this.#polled];
    this.#sockets = sockets;
    this.#commit = commit;
    this.#onFailure = onFailure;
    this.#latch = new WakeLatch(
      () => this.#round(),
      (error) => this.#fail(error),
      () => this.#tickMs(),
    );
  }

  get tail(): Tail {
    return this.#tail;
  }

  get size(): number {
    return this.#clients.size + this.#sockets.size;
  }

  /** The journal has grown, or has ended. Whether that was all shows in the next round, also to who comes before it. */
  wake(): void {
    if (this.#tail.ended) this.#tail = { ...this.#tail, ended: false };
    if (this.#latch.isSet) return;
    if (this.size > 0) this.#latch.wake();
    else this.#tail = UNKNOWN;
  }

  /** Opens a stream of server-sent events (agent-tasks 6). */
  openEvents(start: StreamStart, rules: ConnectionRules, pass: StreamPass): Response {
    const body = this.follow(this.#form, findCursor(this.view, start, rules.part), rules, pass);
    return new Response(body, { headers: EVENT_STREAM_HEADERS });
  }

  /** Server-sent events in any form, from `cursor` on; without one the client is told to begin anew. */
  follow(
    form: EventForm,
    cursor: number | undefined,
    rules: ConnectionRules,
    pass: StreamPass,
  ): ReadableStream<Uint8Array> {
    const { readable, writable } = new IdentityTransformStream();
    const client = new EventSubscriber(this, form, writable.getWriter(), cursor, rules);
    void this.serve(client, pass, client.run()).catch((error: unknown) => this.#onFailure(error));
    return readable;
  }

  /** Takes up frames of another form: what they keep goes when nobody reads any more. */
  keep<T>(frames: Frames<T>): Frames<T> {
    this.#kept.push(frames);
    return frames;
  }

  /**
   * Answers with what follows `start`, as JSON; when there is something, or after so many seconds. 401 where the pass ends
   * meanwhile.
   */
  async poll(start: StreamStart, waitSeconds: number, pass: StreamPass, part?: number): Promise<Response> {
    const client = new PollSubscriber(this, this.#polled, findCursor(this.view, start, part), waitSeconds, part);
    const polled = await this.serve(client, pass, client.run());
    if (polled.outcome === "refused") return new Response(null, { status: 401 });
    const body = toPollAnswer(polled, this.view.head());
    return new Response(body, { headers: { "Content-Type": "application/json", "Cache-Control": "no-store" } });
  }

  /** Opens a stream over WebSocket. */
  openSocket(start: StreamStart, pass: StreamPass, part?: number): Response {
    const response = this.#sockets.accept(findCursor(this.view, start, part), {
      asksPlace: start.at === "latest",
      pass,
      part,
    });
    this.#latch.wake();
    return response;
  }

  /** Takes what a WebSocket's client sent. */
  receive(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#sockets.receive(socket, message, this.#tail);
    // An object that was woken by this message does not know yet how far the journal is durable.
    if (this.#tail === UNKNOWN) this.#latch.wake();
  }

  /** What those who read were let in by. */
  get passes(): StreamPass[] {
    return [...this.#clients.values(), ...this.#sockets.passes];
  }

  /** Ends the connections whose pass is good no more. */
  refuse(hasEnded: HasEnded): void {
    for (const [client, pass] of this.#clients) if (hasEnded(pass)) client.refuse();
    this.#sockets.refuse(hasEnded);
  }

  /** One second has passed. */
  grow(): void {
    for (const client of this.#clients.keys()) client.grow();
  }

  /** About twice what writing a frame to every reader takes, so that appends and other readers have their turn. */
  #tickMs(): number {
    return Math.min(this.size * READER_TICK_MS, MAX_TICK_MS);
  }

  /** Keeps a client among those who are woken until it has run. */
  serve<T>(client: Client, pass: StreamPass, run: Promise<T>): Promise<T> {
    this.#clients.set(client, pass);
    this.#timer ??= setInterval(() => this.grow(), SECOND_MS);
    this.#latch.wake();
    return run.finally(() => this.#remove(client));
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const frames of this.#kept) frames.clear();
  }

  async #round(): Promise<void> {
    const tail = this.view.tail();
    await this.#commit();
    // What came meanwhile is not durable yet, but whoever has the rest has to wait for it.
    const ended = tail.ended && this.view.tail().seq === tail.seq;
    // Rounds may overlap; the tail never goes back.
    if (tail.seq >= this.#tail.seq) this.#tail = { ...tail, ended };
    for (const client of this.#clients.keys()) client.wake();
    this.#sockets.push(this.#tail);
  }

  /** What is durable is not known any more: clients come again, and find out. */
  #fail(error: unknown): void {
    this.#onFailure(error);
    for (const client of this.#clients.keys()) client.drop();
    this.#sockets.fail();
  }
}
