import { v7 as uuid } from "uuid";
import { z } from "zod";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { SourceAnswer, SourceState, SourceStep } from "../../stream/journal/numbered-source.ts";
import { type HasEnded, type StreamPass, streamPass } from "../../objects/pass.ts";
import { RoleSockets, trySend } from "../../stream/transport/role-sockets.ts";
import type { RunRow } from "../model/run-view.ts";
import { type ReadMessage, readAgentMessage } from "./agent-messages.ts";
import { AGENT_CLOSE_CODES, AGENT_UNHEARD_MAX_BYTES, type ServerMessage } from "../protocol/agent-protocol.ts";
import {
  type AgentCommand,
  type CommandFailure,
  type CommandOutcome,
  NO_ANSWER,
  RUN_ENDED,
  TOO_LONG,
  toRequest,
} from "../protocol/command-outcome.ts";
import { REFUSALS } from "./event-intake.ts";
import { PendingCommands } from "./pending-commands.ts";
import type { JournalFull } from "../model/run-outcome.ts";
import { isTerminal } from "../model/run-status.ts";
import { stateEntry } from "../model/state-entry.ts";

/** Commands that an agent has at the same time: each holds a request open, and its answer may take minutes. */
const MAX_COMMANDS = 32;

const BUSY: CommandFailure = {
  ok: false,
  reason: "busy",
  message: `The agent has ${MAX_COMMANDS} commands to answer, as many as it may have.`,
};

/** Where an agent's events go. */
interface AgentEvents {
  readonly eventState: SourceState;
  takeEvents: (run: RunRow, step: SourceStep, maxBytes: number) => Promise<({ ok: true } & SourceAnswer) | JournalFull>;
}

/** What survives hibernation: all that the object knows of an agent's connection. */
const attachment = z.object({
  /** How large the run's object may be with what the agent sends. */
  maxBytes: z.int(),
  /** `updatedAt` of the last state that it was sent; undefined until it was greeted. */
  toldAt: z.int().optional(),
  /** Characters that were sent since something came. */
  unheard: z.int(),
  /** What let it in. */
  pass: streamPass,
});

type AgentState = z.output<typeof attachment>;

/**
 * The WebSocket of a run's agent (agent-protocol.ts), one at a time: its events come in, the run's changes and people's
 * commands go out. It is told what is durable.
 */
export class AgentSockets {
  readonly #storage: DurableObjectStorage;
  readonly #sockets: RoleSockets<AgentState>;
  readonly #events: AgentEvents;
  readonly #current: () => RunRow | undefined;
  readonly #commands = new PendingCommands();

  /** `current` is the run as it was committed last. */
  constructor(state: DurableObjectState, events: AgentEvents, current: () => RunRow | undefined) {
    this.#storage = state.storage;
    this.#sockets = new RoleSockets(state, "agent", attachment);
    this.#events = events;
    this.#current = current;
  }

  has(socket: WebSocket): boolean {
    return this.#sockets.has(socket);
  }

  /** Opens the agent's connection in place of the one that it may have. */
  async accept(maxBytes: number, pass: StreamPass): Promise<Response> {
    const { last, completed } = this.#events.eventState;
    await this.#storage.sync();
    for (const older of this.#sockets.all) this.#close(older, "replaced");
    const { client, server } = this.#sockets.accept();
    this.#sockets.save(server, { maxBytes, unheard: 0, pass });
    if (this.#send(server, { type: "ready", last_accepted_seq: last, complete: completed })) {
      this.#sockets.save(server, { maxBytes, toldAt: 0, unheard: 0, pass });
      await this.tell();
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Tells the agent how the run is now; once, however often it is called. */
  async tell(): Promise<void> {
    const run = this.#current();
    if (!run || this.#sockets.all.length === 0) return;
    await this.#storage.sync();
    const text = new TextDecoder().decode(stateEntry(run)).trimEnd();
    for (const socket of this.#sockets.all) {
      const state = this.#load(socket);
      if (state?.toldAt === undefined || state.toldAt >= run.updatedAt) continue;
      this.#sockets.save(socket, { ...state, toldAt: run.updatedAt });
      if (this.#sendText(socket, `{"type":"state","state":${text}}`)) this.#closeIfOver(socket, run);
    }
  }

  /** Takes what an agent sent. */
  async receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const state = this.#load(socket);
    if (!state) return;
    this.#sockets.save(socket, { ...state, unheard: 0 });
    try {
      await this.#handle(socket, readAgentMessage(message), state.maxBytes);
    } catch (error) {
      logBackgroundFailure("agentSocket", error);
      this.#close(socket, "failed");
    }
  }

  /** What the agent's connection was let in by. */
  get passes(): StreamPass[] {
    return this.#sockets.all.flatMap((socket) => this.#load(socket)?.pass ?? []);
  }

  /** Ends the connection where its pass is good no more. */
  refuse(hasEnded: HasEnded): void {
    for (const socket of this.#sockets.all) {
      const state = this.#load(socket);
      if (state && hasEnded(state.pass)) this.#close(socket, "accessEnded");
    }
  }

  /** A connection of the object is gone. */
  lose(socket: WebSocket): void {
    this.#commands.lose(socket);
  }

  /** Has the agent answer a command in so many seconds; undefined where it has no connection. */
  async command(command: AgentCommand, seconds: number): Promise<CommandOutcome | undefined> {
    const run = this.#current();
    const socket = this.#sockets.all.find((each) => this.#load(each));
    if (!run || !socket) return undefined;
    if (isTerminal(run.status)) return RUN_ENDED;
    if (this.#commands.size >= MAX_COMMANDS) return BUSY;
    const id = uuid();
    if (!this.#send(socket, { type: "command", id, message: toRequest(command) })) return NO_ANSWER;
    return this.#commands.wait(id, socket, seconds);
  }

  async #handle(socket: WebSocket, message: ReadMessage, maxBytes: number): Promise<void> {
    switch (message.kind) {
      case "step":
        return this.#take(socket, message.step, maxBytes);
      case "answer":
        return this.#commands.settle(message.id, { ok: true, answer: message.answer });
      case "too_large":
        if (message.id !== undefined) return this.#commands.settle(message.id, TOO_LONG);
        return this.#refuse(socket, "A message takes 1 MiB at most.");
      case "malformed":
        return this.#close(socket, "malformed");
      default:
        return message satisfies never;
    }
  }

  async #take(socket: WebSocket, step: SourceStep, maxBytes: number): Promise<void> {
    const run = this.#current();
    if (!run) return;
    const done = await this.#events.takeEvents(run, step, maxBytes);
    if (!done.ok) return this.#refuse(socket, "The journal of this run is full: it takes no more entries.");
    if (done.refused) return this.#refuse(socket, REFUSALS[done.refused]);
    const { accepted, duplicate, last } = done;
    await this.#storage.sync();
    if (this.#send(socket, { type: "accepted", accepted, duplicate, last_accepted_seq: last })) {
      this.#closeIfOver(socket, run);
    }
  }

  async #refuse(socket: WebSocket, error: string): Promise<void> {
    const { last } = this.#events.eventState;
    await this.#storage.sync();
    this.#send(socket, { type: "refused", error, last_accepted_seq: last });
  }

  #closeIfOver(socket: WebSocket, run: RunRow): void {
    if (isTerminal(run.status) && this.#events.eventState.completed) this.#close(socket, "complete");
  }

  #load(socket: WebSocket): AgentState | undefined {
    return this.#sockets.load(socket, AGENT_CLOSE_CODES.failed);
  }

  #send(socket: WebSocket, message: ServerMessage): boolean {
    return this.#sendText(socket, JSON.stringify(message));
  }

  /** False where the connection is gone, or now closed because nothing comes from the agent. */
  #sendText(socket: WebSocket, text: string): boolean {
    const state = this.#load(socket);
    if (!state) return false;
    const unheard = state.unheard + text.length;
    if (unheard > AGENT_UNHEARD_MAX_BYTES) {
      this.#close(socket, "unheard");
      return false;
    }
    this.#sockets.save(socket, { ...state, unheard });
    return trySend(socket, text);
  }

  #close(socket: WebSocket, reason: keyof typeof AGENT_CLOSE_CODES): void {
    this.#commands.lose(socket);
    if (socket.readyState === WebSocket.OPEN) socket.close(AGENT_CLOSE_CODES[reason], reason);
  }
}
