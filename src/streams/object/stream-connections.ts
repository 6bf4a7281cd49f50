import { findEndedPasses, LOOK_MS } from "../../auth/ended-keys.ts";
import type { Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { Timers } from "../../objects/timers.ts";
import { DurableReaders } from "../../stream/durable/durable-readers.ts";
import type { DurableRead } from "../../stream/durable/read-request.ts";
import { SocketReaders } from "../../stream/transport/socket-readers.ts";
import { Subscribers } from "../../stream/transport/subscribers.ts";
import type { StreamContent } from "./stream-content.ts";
import type { StreamRecord } from "./stream-record.ts";

/** What a stream's object does by itself. */
export type StreamTimer = "passes" | "expire" | "archive" | "project" | "sweep";

const reportFailure = (error: unknown) => logBackgroundFailure("stream", error);

/** Everyone who reads one stream, from when it is made until it is removed: the next of the name has others. */
export class StreamConnections {
  readonly #readers: Subscribers;
  readonly #durable: DurableReaders;
  readonly #timers: Timers<StreamTimer>;

  constructor(state: DurableObjectState, content: StreamContent, record: StreamRecord, timers: Timers<StreamTimer>) {
    const sockets = new SocketReaders(state, content, reportFailure);
    this.#readers = new Subscribers(content, sockets, () => state.storage.sync(), reportFailure);
    this.#durable = new DurableReaders(content, this.#readers, record);
    this.#timers = timers;
  }

  /** How many follow it now. */
  get size(): number {
    return this.#readers.size;
  }

  /** The stream has grown, or has ended. */
  wake(): void {
    this.#readers.wake();
  }

  async answer(asked: DurableRead): Promise<Response> {
    if (asked.live && !this.#timers.has("passes")) {
      this.#timers.set("passes", Date.now() + LOOK_MS);
      await this.#timers.arm();
    }
    return await this.#durable.answer(asked);
  }

  /** Ends the connections whose key is good no more. */
  async checkPasses(db: Database): Promise<void> {
    const now = new Date();
    const { passes } = this.#readers;
    if (passes.length === 0) {
      this.#timers.clear("passes");
      return;
    }
    this.#timers.set("passes", now.getTime() + LOOK_MS);
    this.#readers.refuse(await findEndedPasses(db, passes, now, reportFailure));
  }

  /** Ends all of them: the stream is removed. */
  end(): void {
    this.#readers.refuse(() => true);
  }
}
