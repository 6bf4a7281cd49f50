import { NetworkError, TaskyardError } from "../errors.ts";
import { backOff, sleep } from "../retry.ts";
import type { Taskyard } from "../taskyard.ts";
import type { LiveEvent, LiveTarget, Start } from "./live-target.ts";
import { polledEvents } from "./polled-events.ts";
import { sentEvents } from "./sent-events.ts";
import { socketEvents } from "./socket-events.ts";

/** How entries come: each is tried where the one before it does not get through. */
export type Transport = "websocket" | "sse" | "long-poll";

/** What all functions that follow something take. */
export interface FollowSettings {
  /** Goes on strictly after this offset, which an earlier `Follow` had: nothing is missed or met twice. */
  after?: string | undefined;
  /** `latest` leaves out what is there already. */
  from?: "start" | "latest" | undefined;
  /** Ends it: the loop then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How often in a row it may fail to connect before it gives up, some two minutes (20) where nothing is said. */
  retries?: number | undefined;
  /** Which transports are tried, in their order; where nothing is said WebSocket, server-sent events, long poll. */
  transports?: readonly Transport[] | undefined;
  /** Told each time a connection is there. */
  onOpen?: (() => void) | undefined;
  /** Told each time the connection broke, or could not be made, before it is made again. */
  onReconnect?: ((failures: number) => void) | undefined;
  /**
   * Told that the server no longer has what follows the last entry: what comes from now on begins at this offset. Without
   * it the loop throws a `TaskyardError` with the code `resync`.
   */
  onResync?: ((offset: string) => void) | undefined;
}

const RETRIES = 20;

const READERS = { websocket: socketEvents, sse: sentEvents, "long-poll": polledEvents } as const;

/**
 * The entries of a stream, every one once and in order, from where it begins to its end, however often the connection
 * breaks in between: `for await (const entry of followRun(yard, …))`. It is gone through once.
 */
export class Follow<Entry> implements AsyncIterable<Entry> {
  readonly #client: Taskyard;
  readonly #target: LiveTarget;
  readonly #settings: FollowSettings;
  readonly #transports: readonly Transport[];
  #start: Start;
  #index = 0;
  #isBegun = false;

  constructor(client: Taskyard, target: LiveTarget, settings: FollowSettings) {
    this.#client = client;
    this.#target = target;
    this.#settings = settings;
    const { transports = ["websocket", "sse", "long-poll"] } = settings;
    this.#transports = transports.filter((transport) => transport !== "websocket" || client.openSocket !== null);
    if (this.#transports.length === 0)
      throw new TypeError("There is no WebSocket here, and no other transport was named.");
    this.#start = { offset: settings.after, isLatest: settings.from === "latest" };
  }

  /**
   * Everything before it was taken by the loop: `after` of a later call goes on here. It moves in steps of what comes at
   * once, so that an entry is behind it only when the next is asked for.
   */
  get offset(): string | undefined {
    return this.#start.offset;
  }

  /** How entries come at the moment. */
  get transport(): Transport | undefined {
    return this.#transports[this.#index];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Entry, void, undefined> {
    if (this.#isBegun) throw new TypeError("What is followed is gone through once: follow it anew.");
    this.#isBegun = true;
    let failures = 0;
    for (;;) {
      let ending: LiveEvent["type"] | undefined;
      let failure: TaskyardError | undefined;
      try {
        for await (const event of this.#connect()) {
          failures = 0;
          ending = event.type;
          if (event.type === "end") return;
          if (event.type === "resync") this.#resync(event.offset);
          if (event.type === "resync" || event.type === "rotated") break;
          if (event.type === "open") this.#settings.onOpen?.();
          if (event.type === "open") continue;
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the server sends on this path
          yield* event.entries as Entry[];
          if (event.offset !== undefined) this.#start = { offset: event.offset, isLatest: false };
          event.accept?.();
        }
      } catch (error) {
        failure = toFailure(error, this.#settings.signal);
      }
      if (ending === "resync" || ending === "rotated") continue;
      if (ending === undefined && this.#tryNextTransport()) continue;
      failures += 1;
      await this.#pause(failures, failure);
    }
  }

  #connect(): AsyncGenerator<LiveEvent, void, undefined> {
    const reader = READERS[this.#transports[this.#index] ?? "long-poll"];
    return reader(this.#client, this.#target, this.#start, this.#settings.signal);
  }

  #resync(offset: string): void {
    const { onResync } = this.#settings;
    if (!onResync) {
      throw new TaskyardError("The server no longer has what follows the offset.", {
        code: "resync",
        body: { offset },
      });
    }
    this.#start = { offset, isLatest: false };
    onResync(offset);
  }

  /** Goes to the transport after one that did not get through; false after the last one, when the first has its turn. */
  #tryNextTransport(): boolean {
    this.#index = (this.#index + 1) % this.#transports.length;
    return this.#index > 0;
  }

  async #pause(failures: number, failure: TaskyardError | undefined): Promise<void> {
    const { retries = RETRIES, signal, onReconnect } = this.#settings;
    if (failures > retries)
      throw failure ?? new NetworkError("The connection could not be made again.", { code: "network_error" });
    onReconnect?.(failures);
    await sleep(Math.max(backOff(failures), 1000 * (failure?.retryAfter ?? 0)), signal);
  }
}

/** The failure that a connection ended with, which another one may not have. Throws those that would stay. */
function toFailure(error: unknown, signal: AbortSignal | undefined): TaskyardError {
  signal?.throwIfAborted();
  if (error instanceof SyntaxError)
    throw new TaskyardError("The server sent what is no JSON.", { code: "protocol_error", cause: error });
  if (!(error instanceof TaskyardError)) {
    return new NetworkError("The connection broke.", { code: "network_error", cause: error });
  }
  const mayPass = error instanceof NetworkError || error.status >= 500 || error.status === 429 || error.status === 408;
  if (!mayPass) throw error;
  return error;
}
