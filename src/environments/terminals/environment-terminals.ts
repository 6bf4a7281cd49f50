import { findEndedKeys } from "../../auth/ended-keys.ts";
import type { Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { SandboxInteraction, TerminalSize } from "../../sandbox/port.ts";
import { CommandInput } from "../commands/command-input.ts";
import { type CommandLog, type CommandRow, hasTerminal } from "../commands/command-log.ts";
import type { Refused } from "../object/environment-outcome.ts";
import { OutputPace } from "./output-pace.ts";
import { type Joining, TerminalViewers } from "./terminal-viewers.ts";

/** Connections to one terminal at a time. */
const MAX_VIEWERS = 8;

/** What the terminals of an environment need of it. */
export interface TerminalsHost {
  commands: CommandLog;
  /** Of the sandbox, as long as there is one. */
  interaction: () => SandboxInteraction | undefined;
  kill: (commandId: string) => Promise<void>;
}

/** The commands of an environment that run on a terminal: who is connected to them, what they write and are sent. */
export class EnvironmentTerminals {
  readonly input: CommandInput;
  readonly #host: TerminalsHost;
  readonly #viewers: TerminalViewers;
  readonly #paces = new Map<string, OutputPace>();
  /** How much of each terminal's output the machine knows to be taken; forgotten with the object's memory. */
  readonly #told = new Map<string, number>();

  constructor(ctx: DurableObjectState, host: TerminalsHost) {
    this.#host = host;
    this.input = new CommandInput(ctx.storage, host.commands, host.interaction);
    this.#viewers = new TerminalViewers(
      ctx,
      host.commands,
      this.input,
      (terminalId) => host.interaction()?.backlog(terminalId) ?? 0,
      {
        resize: (row, size) => void this.resize(row, size),
        close: (row) => this.close(row, "It was closed."),
        released: (terminalId) => this.#release(terminalId),
      },
    );
  }

  has(socket: WebSocket): boolean {
    return this.#viewers.has(socket);
  }

  /** How many are connected to a terminal. */
  connections(terminalId: string): number {
    return this.#viewers.count(terminalId);
  }

  get hasViewers(): boolean {
    return this.#viewers.passes.length > 0;
  }

  /** Connects a client to a terminal; `size` is what the client shows of it. */
  join(row: CommandRow, joining: Joining, size?: TerminalSize): Response | Refused {
    if (!hasTerminal(row))
      return { ok: false, reason: "conflict", message: "The command has no terminal.", mayRetry: false };
    if (this.#viewers.count(row.id, joining.clientId) >= MAX_VIEWERS) {
      const message = `${MAX_VIEWERS} connections to this terminal are open: that is as many as may be at once.`;
      return { ok: false, reason: "conflict", message, mayRetry: true };
    }
    if (size && row.ended === null) this.resize(row, size);
    this.#host.commands.watch(row.id, null);
    return this.#viewers.accept({ ...row, ...size }, joining);
  }

  receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#viewers.receive(socket, message);
  }

  /** A connection has ended, whoever has ended it. */
  left(socket: WebSocket): void {
    // Ends the handshake, for which the client may wait.
    socket.close();
    this.#lookForViewers();
  }

  #lookForViewers(): void {
    const watched = this.#viewers.watched;
    for (const { id, unwatched_since: since } of this.#running) {
      if (since === null && !watched.has(id)) this.#host.commands.watch(id, Date.now());
      this.#release(id);
    }
  }

  /** Passes on what a terminal has written; how much of its output is taken (SandboxHost.output). */
  wrote(terminalId: string, stored: number, bytes: number): number {
    this.#paceOf(terminalId).add(bytes);
    this.#viewers.push(terminalId);
    const taken = this.#taken(terminalId, stored);
    this.#told.set(terminalId, Math.max(taken, this.#told.get(terminalId) ?? 0));
    return taken;
  }

  /** Passes on that commands have ended. */
  ended(): void {
    this.#viewers.pushAll();
    const running = new Set(this.#running.map(({ id }) => id));
    for (const known of [this.#paces, this.#told]) {
      for (const id of known.keys()) if (!running.has(id)) known.delete(id);
    }
  }

  inputTaken(commandId: string): void {
    const row = this.#host.commands.find(commandId);
    if (row) this.#viewers.acknowledgeInput(row);
  }

  /** Changes the size of a terminal that runs. */
  resize(row: CommandRow, { rows, cols }: TerminalSize): Refused | { ok: true } {
    if (!hasTerminal(row))
      return { ok: false, reason: "conflict", message: "The command has no terminal.", mayRetry: false };
    if (row.ended !== null) return { ok: false, reason: "conflict", message: "The command is over.", mayRetry: false };
    if (row.rows === rows && row.cols === cols) return { ok: true };
    this.#host.commands.resize(row.id, { rows, cols });
    this.#host.interaction()?.resize(row.id, { rows, cols });
    this.#viewers.tell(row.id, { type: "resized", rows, cols });
    return { ok: true };
  }

  /** Ends a terminal with all that runs in it; one that is over stays as it ended. */
  async close(row: CommandRow, reason: string): Promise<void> {
    if (row.ended !== null) return;
    this.#host.commands.explain(row.id, reason);
    await this.#host.kill(row.id);
  }

  /** Ends the terminals that nobody has been connected to for as long as they may be without. */
  async closeIdle(now: number): Promise<void> {
    const watched = this.#viewers.watched;
    for (const row of this.#running) {
      const { id, idle_seconds: seconds, unwatched_since: since } = row;
      if (seconds === null || watched.has(id)) continue;
      if (since === null) this.#host.commands.watch(id, now);
      else if (now - since >= seconds * 1000)
        await this.close(row, `Nobody was connected to it for ${seconds} seconds.`);
    }
  }

  /** Ends the connections that may not be any more, and lets go of what nobody holds up; one query for all their keys. */
  async checkViewers(db: Database, now: Date): Promise<void> {
    const keyIds = this.#viewers.passes.flatMap(({ keyId }) => keyId ?? []);
    const ended = await findEndedKeys(db, keyIds, now).catch((error: unknown) => {
      logBackgroundFailure("checkTerminalKeys", error);
      return new Set<string>();
    });
    this.#viewers.check(({ keyId }) => keyId !== undefined && ended.has(keyId), now.getTime());
    this.#lookForViewers();
  }

  get #running(): CommandRow[] {
    return this.#host.commands.running().filter(hasTerminal);
  }

  #paceOf(terminalId: string): OutputPace {
    const pace = this.#paces.get(terminalId) ?? new OutputPace();
    this.#paces.set(terminalId, pace);
    return pace;
  }

  /** Up to where a terminal's output is taken: nothing more is where it is too fast, or somebody has to catch up. */
  #taken(terminalId: string, stored: number): number {
    if (this.#paceOf(terminalId).holds(() => this.#release(terminalId))) return 0;
    return Math.min(stored, this.#viewers.limitOf(terminalId, Date.now()));
  }

  #release(terminalId: string): void {
    const row = this.#host.commands.find(terminalId);
    if (row?.ended !== null) return;
    const taken = this.#taken(terminalId, row.stdout_kept);
    if (taken <= (this.#told.get(terminalId) ?? 0)) return;
    this.#told.set(terminalId, taken);
    this.#host.interaction()?.takeOutput(terminalId, taken);
  }
}
