import { EventClient } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { read, type RunClient } from "../run-client.ts";
import { SocketClient } from "../socket-client.ts";

/** A reader of a run's stream that may be cut off at any moment, and goes on where it was. */
export interface Follower {
  /** The entries it has, as JSON. */
  readonly seen: string[];
  /** Takes what comes next, with a new connection where it has none. False at the stream's end. */
  step: () => Promise<boolean>;
  /** Forgets its connection, which is broken or which nobody reads any more. */
  drop: () => void;
}

const pathOf = ({ taskId, runId }: RunClient, query = "") =>
  `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream${query}`;
const keyOf = ({ adminKey }: RunClient) => ({ Authorization: `Bearer ${adminKey}` });

class EventFollower implements Follower {
  readonly seen: string[] = [];
  readonly #client: RunClient;
  #stream: EventClient | undefined;
  #lastId: string | undefined;

  constructor(client: RunClient) {
    this.#client = client;
  }

  async step(): Promise<boolean> {
    const resumed = this.#lastId === undefined ? {} : { "Last-Event-ID": this.#lastId };
    this.#stream ??= new EventClient(
      await call(pathOf(this.#client), { headers: { ...keyOf(this.#client), ...resumed } }),
    );
    const frame = await this.#stream.next();
    if (frame?.event === "stream-end") return false;
    if (!frame || frame.event !== undefined) throw new Error(`Not an entry: ${frame?.text}`);
    this.#lastId = frame.id;
    this.seen.push(JSON.stringify(JSON.parse(frame.data)));
    return true;
  }

  drop(): void {
    void this.#stream?.leave().catch(() => undefined);
    this.#stream = undefined;
  }
}

class SocketFollower implements Follower {
  readonly seen: string[] = [];
  readonly #client: RunClient;
  #socket: SocketClient | undefined;
  #offset: string | undefined;

  constructor(client: RunClient) {
    this.#client = client;
  }

  async step(): Promise<boolean> {
    const query = this.#offset === undefined ? "" : `?offset=${this.#offset}`;
    const headers = { ...keyOf(this.#client), Upgrade: "websocket" };
    this.#socket ??= new SocketClient(await call(pathOf(this.#client, query), { headers }));
    const { type, entries } = await this.#socket.next();
    if (type === "stream-end") return false;
    if (!entries) throw new Error(`No entries: ${type}`);
    this.seen.push(...entries.map((entry) => JSON.stringify(entry)));
    this.#offset = this.#socket.lastOffset;
    if (!this.#socket.isClosed) this.#socket.acknowledge();
    return true;
  }

  drop(): void {
    this.#socket?.leave();
    this.#socket = undefined;
  }
}

interface Polled {
  entries: object[];
  next: string;
  closed: boolean;
}

class PollFollower implements Follower {
  readonly seen: string[] = [];
  readonly #client: RunClient;
  #next: string | undefined;
  #isThrough = false;

  constructor(client: RunClient) {
    this.#client = client;
  }

  async step(): Promise<boolean> {
    if (this.#isThrough) return false;
    const query = `?mode=long-poll${this.#next === undefined ? "" : `&offset=${this.#next}`}`;
    const polled = await read<Polled>(call(pathOf(this.#client, query), { headers: keyOf(this.#client) }));
    this.seen.push(...polled.entries.map((entry) => JSON.stringify(entry)));
    this.#next = polled.next;
    this.#isThrough = polled.closed;
    return true;
  }

  drop(): void {
    // Each request is a connection of its own.
  }
}

/** A follower of each kind. */
export function followersOf(client: RunClient): Follower[] {
  return [new EventFollower(client), new SocketFollower(client), new PollFollower(client)];
}

/** Has a follower take everything up to the stream's end, and returns all it has. */
export async function finish(follower: Follower): Promise<string[]> {
  while (await follower.step());
  follower.drop();
  return follower.seen;
}
