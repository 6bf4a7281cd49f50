import { findEndedPasses } from "../../auth/ended-keys.ts";
import type { Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { Timers } from "../../objects/timers.ts";
import { SocketReaders } from "../../stream/transport/socket-readers.ts";
import { Subscribers } from "../../stream/transport/subscribers.ts";
import type { EvaluationEvents } from "./evaluation-events.ts";
import type { EventsRequest } from "./events-request.ts";
import type { EvaluationTimer } from "./evaluation-timers.ts";

const reportFailure = (error: unknown) => logBackgroundFailure("evaluationEvents", error);

/** Milliseconds between two looks at whether those who are connected still may be. */
const PASS_CHECK_MS = 6_000;

/** Everyone who follows the events of an evaluation. */
export class EvaluationReaders {
  readonly #readers: Subscribers;
  readonly #timers: Timers<EvaluationTimer>;

  constructor(ctx: DurableObjectState, events: EvaluationEvents, timers: Timers<EvaluationTimer>) {
    const sockets = new SocketReaders(ctx, events, reportFailure);
    this.#readers = new Subscribers(events, sockets, () => ctx.storage.sync(), reportFailure);
    this.#timers = timers;
  }

  /** The journal has grown, or has ended. */
  wake(): void {
    this.#readers.wake();
  }

  /** Opens a connection; 503 where there are as many readers as there may be. */
  async open({ start, transport, pass, maxReaders, ...rules }: EventsRequest): Promise<Response> {
    if (this.#readers.size >= maxReaders) return new Response(null, { status: 503 });
    if (!this.#timers.has("passes")) {
      this.#timers.set("passes", Date.now() + PASS_CHECK_MS);
      await this.#timers.arm();
    }
    if (transport === "socket") return this.#readers.openSocket(start, pass);
    if (transport === "poll") return this.#readers.poll(start, rules.keepaliveSeconds, pass);
    return this.#readers.openEvents(start, rules, pass);
  }

  /** Ends the connections whose key is good no more: one query for all, every few seconds while somebody is connected. */
  async checkPasses(db: Database): Promise<void> {
    const now = new Date();
    const { passes } = this.#readers;
    if (passes.length === 0) return this.#timers.clear("passes");
    this.#timers.set("passes", now.getTime() + PASS_CHECK_MS);
    this.#readers.refuse(await findEndedPasses(db, passes, now, reportFailure));
  }

  /** Takes what came over a WebSocket. */
  receive(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#readers.receive(socket, message);
  }
}
