import { logBackgroundFailure } from "../http/request-log.ts";
import { SocketReaders } from "../stream/socket-readers.ts";
import { Subscribers } from "../stream/subscribers.ts";
import type { RunRow } from "../tasks/run-view.ts";
import { AgentSockets } from "./agent-sockets.ts";
import type { RunJournal } from "./run-journal.ts";
import type { StreamRequest } from "./stream-request.ts";
import { RunStreamView } from "./stream-view.ts";

const reportFailure = (error: unknown) => logBackgroundFailure("runStream", error);

/** Everyone who is connected to a run: those who read its stream, and its agent. */
export class RunConnections {
  readonly agents: AgentSockets;
  readonly #readers: Subscribers;

  /** `current` is the run as it was committed last. */
  constructor(state: DurableObjectState, journal: RunJournal, current: () => RunRow | undefined) {
    const view = new RunStreamView(journal.entries);
    const sockets = new SocketReaders(state, view, reportFailure);
    this.#readers = new Subscribers(view, sockets, () => state.storage.sync(), reportFailure);
    this.agents = new AgentSockets(state, journal, current);
  }

  /** The journal has grown, or has ended. */
  wake(): void {
    this.#readers.wake();
  }

  /** Opens a connection; 503 where there are as many readers as there may be. */
  async open({ start, transport, maxReaders, journalMaxBytes, ...rules }: StreamRequest): Promise<Response> {
    if (transport === "agent") return this.agents.accept(journalMaxBytes);
    if (this.#readers.size >= maxReaders) return new Response(null, { status: 503 });
    if (transport === "socket") return this.#readers.openSocket(start);
    if (transport === "poll") return this.#readers.poll(start, rules.keepaliveSeconds);
    return this.#readers.openEvents(start, rules);
  }

  /** Takes what came over a WebSocket. */
  async receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.agents.has(socket)) await this.agents.receive(socket, message);
    else this.#readers.receive(socket, message);
  }
}
