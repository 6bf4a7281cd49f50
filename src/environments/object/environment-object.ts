import { DurableObject } from "cloudflare:workers";
import { readConfig } from "../../config.ts";
import {
  FileError,
  type FileStatus,
  type SandboxCommand,
  type SandboxFiles,
  type SandboxKind,
  type TerminalSize,
} from "../../sandbox/port.ts";
import { type CommandRow, hasTerminal, type OutputPiece } from "../commands/command-log.ts";
import type { Written, Writing } from "../commands/command-input.ts";
import { terminalCommand } from "../terminals/terminal-command.ts";
import { EnvironmentCore } from "./environment-core.ts";
import {
  type EnvironmentAccess,
  type EnvironmentScope,
  isInScope,
  NO_COMMAND,
  NOT_FOUND,
  type Refused,
} from "./environment-outcome.ts";
import { type EnvironmentRecord, type EnvironmentRow, isOver, prolong } from "./environment-record.ts";
import { type FileRequest, readObjectRequest, type TerminalRequest } from "../object-request.ts";
import type { Upload } from "../uploads/upload-log.ts";
import type { WorkEvent } from "../../pool/work.ts";

/** Tokens that open one environment: one for each time that its creation was asked for with the same key. */
const MAX_TOKENS = 8;
/** Bytes of output in one answer, about. */
const OUTPUT_PAGE_BYTES = 1024 * 1024;

/** An environment's command as it is now, with a part of its output. */
export interface CommandNews {
  ok: true;
  command: CommandRow;
  pieces: OutputPiece[];
  /** Where they begin: further on than was asked where a terminal's output is gone. */
  from: number;
  /** Where the next part begins. */
  next: number;
}

/**
 * One environment: who may do what with it; EnvironmentCore does it. Expected failures are values. An object whose
 * environment was never created stores nothing.
 */
export class Environment extends DurableObject {
  readonly #core: EnvironmentCore;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#core = new EnvironmentCore(ctx, env);
  }

  /**
   * Creates the environment, and answers when it is ready or after `patience` milliseconds. Repeated, it lets in whoever
   * has the record's token, and changes nothing else.
   */
  async create(record: EnvironmentRecord, patience: number): Promise<EnvironmentRow> {
    const { record: known } = this.#core;
    if (known) for (const tokenHash of record.tokenHashes) await this.#admit(known, tokenHash);
    else await Promise.race([this.#core.begin(record), scheduler.wait(patience)]);
    return (this.#core.record ?? record).row;
  }

  /** Lets in whoever has this token, beside those who were let in before. */
  async admit(scope: EnvironmentScope, tokenHash: string): Promise<{ ok: true; row: EnvironmentRow } | Refused> {
    const record = this.#recordOf(scope);
    if (!record) return NOT_FOUND;
    await this.#admit(record, tokenHash);
    return this.read(scope);
  }

  read(scope: EnvironmentScope): { ok: true; row: EnvironmentRow } | Refused {
    const record = this.#recordOf(scope);
    return record ? { ok: true, row: record.row } : NOT_FOUND;
  }

  /** The environment once it is provisioned or over; as it is by then after `patience` milliseconds. */
  async settle(scope: EnvironmentScope, patience: number): Promise<{ ok: true; row: EnvironmentRow } | Refused> {
    const until = Date.now() + patience;
    for (;;) {
      const record = this.#recordOf(scope);
      if (!record) return NOT_FOUND;
      const left = until - Date.now();
      const isSettled = record.row.state === "ready" || isOver(record.row);
      if (isSettled || left <= 0) return { ok: true, row: record.row };
      await this.#core.news.wait(left);
    }
  }

  /** Takes back every token but the one that this is asked with. */
  async keepToken(access: EnvironmentAccess): Promise<{ ok: true } | Refused> {
    const record = this.#recordOf(access);
    if (!record) return NOT_FOUND;
    if (!record.tokenHashes.includes(access.tokenHash)) return { ok: false, reason: "token" };
    if (record.tokenHashes.length > 1) await this.#core.change({ ...record, tokenHashes: [access.tokenHash] });
    return { ok: true };
  }

  /** What is known of an environment that is ready, for whoever has its token. */
  inspect(access: EnvironmentAccess): { ok: true; row: EnvironmentRow } | Refused {
    return this.#refuse(access) ?? this.read(access);
  }

  readLog(scope: EnvironmentScope): { ok: true; text: string } | Refused {
    return this.#recordOf(scope) ? { ok: true, text: this.#core.lines.text() } : NOT_FOUND;
  }

  async tearDown(scope: EnvironmentScope): Promise<{ ok: true; row: EnvironmentRow } | Refused> {
    if (!this.#recordOf(scope)) return NOT_FOUND;
    await this.#core.tearDown("deleted");
    return this.read(scope);
  }

  /** Has it live for `seconds` from now on, at least. */
  async extend(scope: EnvironmentScope, seconds: number): Promise<{ ok: true; row: EnvironmentRow } | Refused> {
    const record = this.#recordOf(scope);
    if (!record) return NOT_FOUND;
    if (isOver(record.row)) return notReady(record);
    await this.#core.change(prolong(record, Date.now() + seconds * 1000));
    return this.read(scope);
  }

  /**
   * Starts a command, once for each id; what comes of it is told by `follow`. `idleSeconds`: how long its terminal may be
   * without anybody who is connected.
   */
  async execute(
    access: EnvironmentAccess,
    command: SandboxCommand,
    background: boolean,
    idleSeconds?: number,
  ): Promise<{ ok: true; command: CommandRow } | Refused> {
    const refused = this.#refuse(access);
    if (refused) return refused;
    const known = this.#core.commands.find(command.id);
    if (known) return { ok: true, command: known };
    const cannot = this.#refuseStart(command);
    return cannot ?? { ok: true, command: await this.#core.start(command, background, idleSeconds) };
  }

  /** Output of a command from `offset` on; waits for some, or for its end, up to `patience` milliseconds. */
  async follow(
    access: EnvironmentAccess,
    commandId: string,
    offset: number,
    patience: number,
  ): Promise<CommandNews | Refused> {
    const until = Date.now() + patience;
    for (;;) {
      const refused = this.#refuse(access, "over");
      if (refused) return refused;
      const command = this.#core.commands.find(commandId);
      if (!command) return NO_COMMAND;
      const { pieces, from, next } = this.#core.commands.read(command, offset, OUTPUT_PAGE_BYTES);
      const left = until - Date.now();
      if (pieces.length > 0 || command.ended !== null || left <= 0) return { ok: true, command, pieces, from, next };
      await this.#core.news.wait(left);
    }
  }

  commands(access: EnvironmentAccess, limit: number): { ok: true; commands: CommandRow[] } | Refused {
    return this.#refuse(access, "over") ?? { ok: true, commands: this.#core.commands.list(limit) };
  }

  /** The latest commands with a terminal, and how many are connected to each. */
  terminals(
    access: EnvironmentAccess,
    limit: number,
  ): { ok: true; terminals: { command: CommandRow; connections: number }[] } | Refused {
    const refused = this.#refuse(access, "over");
    if (refused) return refused;
    const rows = this.#core.commands.listTerminals(limit);
    const { terminals } = this.#core;
    return {
      ok: true,
      terminals: rows.map((command) => ({ command, connections: terminals.connections(command.id) })),
    };
  }

  /** Has a command killed; one that is over stays as it ended. */
  async kill(access: EnvironmentAccess, commandId: string): Promise<{ ok: true; command: CommandRow } | Refused> {
    const found = this.#command(access, commandId);
    if (found.ok && found.command.ended === null) await this.#core.sandbox.kill(commandId);
    return found;
  }

  /** Ends a terminal; one that is over stays as it ended. */
  async closeTerminal(access: EnvironmentAccess, id: string): Promise<{ ok: true; command: CommandRow } | Refused> {
    const found = this.#command(access, id);
    if (!found.ok) return found;
    if (!hasTerminal(found.command)) return NO_COMMAND;
    await this.#core.terminals.close(found.command, "It was closed.");
    return found;
  }

  /** Adds to the input of a command that keeps it open. */
  writeInput(access: EnvironmentAccess, commandId: string, writing: Writing): Written {
    const found = this.#command(access, commandId);
    return found.ok ? this.#core.terminals.input.write(found.command, writing) : found;
  }

  /** Changes the size of a command's terminal. */
  resize(
    access: EnvironmentAccess,
    commandId: string,
    size: TerminalSize,
  ): { ok: true; command: CommandRow } | Refused {
    const found = this.#command(access, commandId);
    if (!found.ok) return found;
    const resized = this.#core.terminals.resize(found.command, size);
    return resized.ok ? { ok: true, command: { ...found.command, ...size } } : resized;
  }

  statFile(access: EnvironmentAccess, path: string) {
    return this.#onFiles(access, async (files) => ({ status: await files.stat(path) }));
  }

  listFiles(access: EnvironmentAccess, path: string, depth: number, limit: number) {
    return this.#onFiles(access, (files) => files.list(path, depth, limit));
  }

  writeFile(access: EnvironmentAccess, path: string, body: ReadableStream<Uint8Array>, size: number) {
    return this.#onFiles(access, async (files): Promise<{ status: FileStatus; created: boolean }> => {
      const created = (await files.stat(path)) === undefined;
      return { status: await files.write(path, body, size), created };
    });
  }

  removeFile(access: EnvironmentAccess, path: string) {
    return this.#onFiles(access, async (files) => {
      await files.remove(path);
      return {};
    });
  }

  beginUpload(access: EnvironmentAccess, upload: Upload) {
    return this.#onFiles(access, async () => ({ upload: await this.#core.uploads.begin(upload) }));
  }

  readUpload(access: EnvironmentAccess, id: string) {
    return this.#onFiles(access, async () => ({ upload: this.#core.uploads.read(id) }));
  }

  listUploads(access: EnvironmentAccess) {
    return this.#onFiles(access, async () => ({ uploads: this.#core.uploads.list() }));
  }

  writePart(access: EnvironmentAccess, id: string, number: number, body: ReadableStream<Uint8Array>, size: number) {
    return this.#onFiles(access, async () => {
      await this.#core.uploads.writePart(id, number, body, size);
      return {};
    });
  }

  completeUpload(access: EnvironmentAccess, id: string) {
    return this.#onFiles(access, async () => ({ status: await this.#core.uploads.complete(id) }));
  }

  abortUpload(access: EnvironmentAccess, id: string) {
    return this.#onFiles(access, async () => {
      await this.#core.uploads.abort(id);
      return {};
    });
  }

  /** What a runner is given that has claimed this work of the environment; undefined where it is no longer wanted. */
  async admitWork(workId: string, runner: string): Promise<Record<string, unknown> | undefined> {
    return this.#isAlive ? this.#core.sandbox.admitWork?.(workId, runner) : undefined;
  }

  /** Takes up what the pool tells of work of the environment. */
  async hearOfWork(workId: string, event: WorkEvent): Promise<void> {
    if (this.#isAlive) await this.#core.sandbox.hearOfWork?.(workId, event);
  }

  /** The bytes of a file, or the connection and the archive of the machine that runs the commands (object-request.ts). */
  override async fetch(request: Request): Promise<Response> {
    const asked = readObjectRequest(request);
    if (asked.kind === "file") return this.#readFile(asked);
    if (asked.kind === "terminal") return this.#openTerminal(asked);
    const answer = this.#isAlive ? await this.#core.sandbox.connect?.(asked) : undefined;
    return answer ?? new Response(null, { status: 404 });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#core.terminals.has(socket)) await this.#core.terminals.receive(socket, message);
    else await this.#core.sandbox.socketMessage?.(socket, message);
  }

  override webSocketClose(socket: WebSocket): Promise<void> {
    return this.#socketClosed(socket);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.#socketClosed(socket);
  }

  override alarm(): Promise<void> {
    return this.#core.alarm();
  }

  get #isAlive(): boolean {
    const { record } = this.#core;
    return record !== undefined && !isOver(record.row);
  }

  async #socketClosed(socket: WebSocket): Promise<void> {
    if (this.#core.terminals.has(socket)) this.#core.terminals.left(socket);
    else await this.#core.sandbox.socketClosed?.(socket);
  }

  #recordOf(scope: EnvironmentScope): EnvironmentRecord | undefined {
    const { record } = this.#core;
    return record && isInScope(record, scope) ? record : undefined;
  }

  async #admit(record: EnvironmentRecord, tokenHash: string): Promise<void> {
    if (isOver(record.row) || record.tokenHashes.includes(tokenHash)) return;
    await this.#core.change({ ...record, tokenHashes: [...record.tokenHashes, tokenHash].slice(-MAX_TOKENS) });
  }

  /** Why this access is refused; `over`: what has ended may still be looked at. */
  #refuse(access: EnvironmentAccess, allowed?: "over"): Refused | undefined {
    const record = this.#recordOf(access);
    if (!record) return NOT_FOUND;
    if (!record.tokenHashes.includes(access.tokenHash)) return { ok: false, reason: "token" };
    if (record.row.state === "ready" || allowed === "over") return undefined;
    return notReady(record);
  }

  /** A command, for whoever has the environment's token, also after its end. */
  #command(access: EnvironmentAccess, commandId: string): { ok: true; command: CommandRow } | Refused {
    const refused = this.#refuse(access, "over");
    if (refused) return refused;
    const command = this.#core.commands.find(commandId);
    return command ? { ok: true, command } : NO_COMMAND;
  }

  /** Why a command is not started. */
  #refuseStart({ tty, keepsInput }: SandboxCommand): Refused | undefined {
    const { sandbox, commands } = this.#core;
    if (tty || keepsInput) {
      const message = sandbox.interaction ? sandbox.interaction.terminalFault : noInteraction(sandbox.traits.kind);
      if (message !== undefined) return { ok: false, reason: "unsupported", message };
    }
    const { SANDBOX_MAX_COMMANDS, SANDBOX_MAX_TERMINALS } = readConfig(this.env);
    const running = commands.running().filter((row) => hasTerminal(row) === (tty !== null)).length;
    if (running < (tty ? SANDBOX_MAX_TERMINALS : SANDBOX_MAX_COMMANDS)) return undefined;
    return { ok: false, reason: "busy", running, what: tty ? "terminals" : "commands" };
  }

  /** Connects a client to a terminal, which is started where it is not there. */
  async #openTerminal({ access, start, terminalId, joining, size }: TerminalRequest): Promise<Response> {
    const found = start
      ? await this.execute(access, terminalCommand(terminalId, start), true, start.idleSeconds)
      : this.#command(access, terminalId);
    const answer = found.ok ? this.#core.terminals.join(found.command, joining, size) : found;
    if (!(answer instanceof Response)) return Response.json(answer, { status: 409 });
    await this.#core.watchViewers();
    return answer;
  }

  async #readFile({ access, path, range }: FileRequest): Promise<Response> {
    const outcome = await this.#onFiles(access, async (files) => ({ body: await files.read(path, range) }));
    return outcome.ok ? new Response(outcome.body) : Response.json(outcome, { status: 404 });
  }

  async #onFiles<T extends object>(
    access: EnvironmentAccess,
    work: (files: SandboxFiles) => Promise<T>,
  ): Promise<({ ok: true } & T) | Refused> {
    const refused = this.#refuse(access);
    if (refused) return refused;
    try {
      return { ok: true, ...(await work(this.#core.sandbox.files)) };
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return { ok: false, reason: "file", fault: error.fault, message: error.message };
    }
  }
}

function notReady({ row }: EnvironmentRecord): Refused {
  return { ok: false, reason: "not_ready", state: row.state };
}

function noInteraction(kind: SandboxKind): string {
  return `A sandbox of the kind '${kind}' gives commands no terminal, and no input that stays open: 'runner' does (docs/runner.md).`;
}
