import { findEndedPasses, LOOK_MS } from "../../auth/ended-keys.ts";
import type { Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { DurableReaders } from "../../stream/durable/durable-readers.ts";
import type { DurableRead } from "../../stream/durable/read-request.ts";
import { SocketReaders } from "../../stream/transport/socket-readers.ts";
import { Subscribers } from "../../stream/transport/subscribers.ts";
import type { Timers } from "../../objects/timers.ts";
import type { RunRow } from "../model/run-view.ts";
import { AgentSockets } from "../agent/agent-sockets.ts";
import type { RunAttempts } from "./run-attempts.ts";
import type { RunTimer } from "./run-ending.ts";
import type { RunJournal } from "./run-journal.ts";
import type { StreamRequest } from "../protocol/stream-request.ts";
import { RunStreamView } from "./stream-view.ts";

const reportFailure = (error: unknown) => logBackgroundFailure("runStream", error);

/** Everyone who is connected to a run: those who read its stream, and its agent. */
export class RunConnections {
  readonly agents: AgentSockets;
  readonly #readers: Subscribers;
  readonly #view: RunStreamView;
  #durable: DurableReaders | undefined;
  readonly #timers: Timers<RunTimer>;

  /** `current` is the run as it was committed last. */
  constructor(
    state: DurableObjectState,
    journal: RunJournal,
    attempts: RunAttempts,
    timers: Timers<RunTimer>,
    current: () => RunRow | undefined,
  ) {
    this.#timers = timers;
    this.#view = new RunStreamView(journal.entries, attempts);
    const sockets = new SocketReaders(state, this.#view, reportFailure);
    this.#readers = new Subscribers(this.#view, sockets, () => state.storage.sync(), reportFailure);
    this.agents = new AgentSockets(state, journal, current);
  }

  /** The journal has grown, or has ended. */
  wake(): void {
    this.#readers.wake();
  }

  /** Opens a connection; 503 where there are as many readers as there may be. */
  async open(asked: StreamRequest): Promise<Response> {
    const { start, transport, pass, maxReaders, journalMaxBytes, attempt, ...rules } = asked;
    if (transport !== "agent" && this.#readers.size >= maxReaders) return new Response(null, { status: 503 });
    await this.#watchPasses();
    if (transport === "agent") return this.agents.accept(journalMaxBytes, pass);
    if (transport === "socket") return this.#readers.openSocket(start, pass, attempt);
    if (transport === "poll") return this.#readers.poll(start, rules.keepaliveSeconds, pass, attempt);
    return this.#readers.openEvents(start, { ...rules, part: attempt }, pass);
  }

  /** Answers a reader that speaks the Durable Streams protocol: the same entries, by the same offsets. */
  async readDurably({ id }: RunRow, asked: DurableRead): Promise<Response> {
    if (asked.live) await this.#watchPasses();
    this.#durable ??= new DurableReaders(this.#view, this.#readers, { id, contentType: "application/json" });
    return this.#durable.answer(asked);
  }

  async #watchPasses(): Promise<void> {
    if (this.#timers.has("passes")) return;
    this.#timers.set("passes", Date.now() + LOOK_MS);
    await this.#timers.arm();
  }

  /** Ends the connections whose key or token is good no more, every few seconds while somebody is connected. */
  async checkPasses(db: Database): Promise<void> {
    const now = new Date();
    const passes = [...this.#readers.passes, ...this.agents.passes];
    if (passes.length === 0) {
      this.#timers.clear("passes");
      return;
    }
    this.#timers.set("passes", now.getTime() + LOOK_MS);
    const hasEnded = await findEndedPasses(db, passes, now, (error) => logBackgroundFailure("checkPasses", error));
    this.#readers.refuse(hasEnded);
    this.agents.refuse(hasEnded);
  }

  /** Takes what came over a WebSocket. */
  async receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.agents.has(socket)) await this.agents.receive(socket, message);
    else this.#readers.receive(socket, message);
  }
}
