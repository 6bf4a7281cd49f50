import { DurableObject } from "cloudflare:workers";
import type { RunStatus } from "../db/agent-schema.ts";
import { connect } from "../db/client.ts";
import { logBackgroundFailure } from "../http/request-log.ts";
import { JOURNAL_SCHEMA, Journal, unlessFull } from "../stream/journal.ts";
import { NumberedSource, SOURCE_SCHEMA, type SourceAnswer, type SourceStep } from "../stream/numbered-source.ts";
import { applySchema, hasSchema } from "../stream/object-schema.ts";
import { PRODUCER_SCHEMA, type ProducerPosition, type ProducerRefusal, Producers } from "../stream/producers.ts";
import { SocketReaders } from "../stream/socket-readers.ts";
import { Subscribers } from "../stream/subscribers.ts";
import { TIMER_SCHEMA, Timers } from "../stream/timers.ts";
import type { RunRow } from "../tasks/run-view.ts";
import { currentMicroseconds } from "../tasks/wire-time.ts";
import { AgentSockets } from "./agent-sockets.ts";
import type { AgentCommand, CommandOutcome } from "./command-outcome.ts";
import { applyChange, type RunChange } from "./run-change.ts";
import {
  type Changed,
  isInScope,
  JOURNAL_FULL,
  type JournalFull,
  NOT_FOUND,
  type NotFound,
  type RunScope,
  TOO_LARGE,
  type TooLarge,
} from "./run-outcome.ts";
import { RunDispatcher } from "./run-dispatcher.ts";
import { RunEnding, type RunTimer } from "./run-ending.ts";
import { RunEvents } from "./run-events.ts";
import { nextAttempt, projectRun } from "./run-projection.ts";
import { beginRun, isStorable, type NewRun, RUN_SCHEMA, RunRecord } from "./run-record.ts";
import { EVENT_TAG, LOG_TAG, openLog } from "./run-log.ts";
import { type SessionLogPage, type SessionLogQuery, selectSessionLog } from "./session-log.ts";
import { STATE_TAG, stateEntry } from "./state-entry.ts";
import { readObjectRequest } from "./stream-request.ts";
import { RunStreamView } from "./stream-view.ts";

/**
 * One run: the single writer of its record and its journal. A change commits together with the state entry that tells of
 * it, then its row in D1 is written, then the caller has its answer; when D1 fails, the alarm repeats until the row
 * matches. Expected failures are values. An object whose run was never created stores nothing.
 */
export class Run extends DurableObject {
  readonly #record: RunRecord;
  readonly #journal: Journal;
  readonly #producers: Producers;
  readonly #events: RunEvents;
  readonly #agents: AgentSockets;
  readonly #readers: Subscribers;
  readonly #timers: Timers<RunTimer>;
  readonly #ending: RunEnding;
  readonly #dispatcher: RunDispatcher;
  /** The stored run, or undefined before its creation. */
  #run: RunRow | undefined;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#record = new RunRecord(ctx.storage);
    this.#journal = new Journal(ctx.storage.sql, () => this.#readers.wake());
    this.#producers = new Producers(ctx.storage.sql);
    const source = new NumberedSource(ctx.storage.sql, this.#journal, EVENT_TAG);
    const view = new RunStreamView(this.#journal);
    this.#readers = new Subscribers(
      view,
      new SocketReaders(ctx, view),
      () => ctx.storage.sync(),
      (error) => logBackgroundFailure("runStream", error),
    );
    this.#timers = new Timers(ctx.storage);
    this.#dispatcher = new RunDispatcher(env, this.#timers);
    this.#ending = new RunEnding(this.#journal, source, this.#timers);
    this.#events = new RunEvents(ctx.storage, source, this.#ending);
    this.#agents = new AgentSockets(ctx, this.#events, () => this.#run);
    if (!hasSchema(ctx.storage.sql)) return;
    ctx.storage.transactionSync(() => this.#migrate());
    this.#run = this.#record.load();
  }

  /** Creates the run. Repeated for the same scope it answers with the run that is there. */
  async create(
    scope: RunScope,
    init: NewRun,
    then?: "dispatch",
  ): Promise<{ ok: true; run: RunRow } | NotFound | TooLarge> {
    if (this.#run) return this.read(scope);
    const run = beginRun(scope, init, currentMicroseconds());
    if (!isStorable(run)) return TOO_LARGE;
    await this.#commit(run, then);
    return { ok: true, run };
  }

  read(scope: RunScope): { ok: true; run: RunRow } | NotFound {
    const run = this.#runOf(scope);
    return run ? { ok: true, run } : NOT_FOUND;
  }

  /** Changes the run; where `from` is given, only while it is in one of these statuses. `then`: finds it a runner. */
  async change(
    scope: RunScope,
    change: RunChange,
    from?: readonly RunStatus[],
    then?: "dispatch",
  ): Promise<Changed | NotFound | TooLarge> {
    const run = this.#runOf(scope);
    if (!run) return NOT_FOUND;
    if (from && !from.includes(run.status)) return { ok: true, run, applied: false };
    const changed = applyChange(run, change, currentMicroseconds());
    if (!isStorable(changed)) return TOO_LARGE;
    await this.#commit(changed, then);
    return { ok: true, run: changed, applied: true };
  }

  /**
   * Appends log entries: lines of JSON that end in a line feed each, none above MAX_ENTRY_BYTES. A batch that its
   * producer sends again is acknowledged as a duplicate and not stored again. `maxBytes` is how large the object may be.
   */
  appendLog(
    scope: RunScope,
    lines: Uint8Array,
    maxBytes: number,
    producer?: ProducerPosition,
  ): { ok: true; run: RunRow; duplicate: boolean } | NotFound | JournalFull | ProducerRefusal {
    const run = this.#runOf(scope);
    if (!run) return NOT_FOUND;
    const done = unlessFull(this.ctx.storage, () => {
      const verdict = producer && this.#producers.accept(producer, this.#journal.tail + 1);
      if (verdict?.ok === false) return verdict;
      const duplicate = verdict?.duplicate ?? false;
      if (!duplicate) this.#journal.append(LOG_TAG, lines, maxBytes);
      return { ok: true as const, run, duplicate };
    });
    return done ?? JOURNAL_FULL;
  }

  /** Carries out a step of the event stream (agent-tasks 9). `maxBytes` is how large the object may be. */
  takeEvents(
    scope: RunScope,
    step: SourceStep,
    maxBytes: number,
  ): ({ ok: true } & SourceAnswer) | NotFound | JournalFull {
    const run = this.#runOf(scope);
    return run ? this.#events.take(run, step, maxBytes) : NOT_FOUND;
  }

  /** Sends a command to the run's agent (8.1); `outcome` is undefined where the agent has no connection here. */
  async command(
    scope: RunScope,
    command: AgentCommand,
    timeoutSeconds: number,
  ): Promise<{ ok: true; run: RunRow; outcome: CommandOutcome | undefined } | NotFound> {
    const run = this.#runOf(scope);
    return run ? { ok: true, run, outcome: await this.#agents.command(command, timeoutSeconds) } : NOT_FOUND;
  }

  /** The log as JSON lines, as far as it goes now. */
  readLog(scope: RunScope): { ok: true; run: RunRow; lines: ReadableStream<Uint8Array> } | NotFound {
    const run = this.#runOf(scope);
    return run ? { ok: true, run, lines: openLog(this.#journal) } : NOT_FOUND;
  }

  /** A page of the log's entries (agent-tasks 5.4). */
  async sessionLogs(scope: RunScope, query: SessionLogQuery): Promise<({ ok: true } & SessionLogPage) | NotFound> {
    if (!this.#runOf(scope)) return NOT_FOUND;
    return { ok: true, ...(await selectSessionLog(this.#journal, query)) };
  }

  /** Opens the run's stream for a reader or for its agent (stream-request.ts): 404 without such a run, 503 without room. */
  override async fetch(request: Request): Promise<Response> {
    const { scope, start, transport, maxReaders, journalMaxBytes, ...rules } = readObjectRequest(request);
    if (!this.#runOf(scope)) return new Response(null, { status: 404 });
    if (transport === "agent") return this.#agents.accept(journalMaxBytes);
    if (this.#readers.size >= maxReaders) return new Response(null, { status: 503 });
    if (transport === "socket") return this.#readers.openSocket(start);
    if (transport === "poll") return this.#readers.poll(start, rules.keepaliveSeconds);
    return this.#readers.openEvents(start, rules);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#agents.has(socket)) await this.#agents.receive(socket, message);
    else this.#readers.receive(socket, message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#agents.lose(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#agents.lose(socket);
  }

  /** Does what is due: after a failure, or after the object was lost in between. Twice does no more than once. */
  override async alarm(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    for (const timer of this.#timers.due(Date.now())) {
      if (timer === "dispatch") await this.#dispatcher.start(run);
      else if (timer === "close") this.ctx.storage.transactionSync(() => this.#ending.close());
      else await this.#project(run);
    }
    await this.#timers.arm();
  }

  #runOf(scope: RunScope): RunRow | undefined {
    return this.#run && isInScope(this.#run, scope) ? this.#run : undefined;
  }

  #migrate(): void {
    applySchema(this.ctx.storage.sql, [RUN_SCHEMA, JOURNAL_SCHEMA, PRODUCER_SCHEMA, SOURCE_SCHEMA, TIMER_SCHEMA]);
  }

  /** Commits a run with its state entry and the timers that outlive this call, then writes the projection. */
  async #commit(run: RunRow, then?: "dispatch"): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      if (!this.#run) this.#migrate();
      this.#record.save(run);
      this.#journal.append(STATE_TAG, stateEntry(run));
      this.#ending.settle(run, Date.now());
      if (then) this.#timers.set(then, Date.now());
      this.#timers.set("project", nextAttempt(run, Date.now()));
    });
    this.#run = run;
    await this.#timers.arm();
    await this.#agents.tell();
    await this.#project(run);
  }

  /** Writes the projection. Its timer stays set until the row shows the latest change. */
  async #project(run: RunRow): Promise<void> {
    try {
      await projectRun(connect(this.env.DB), run);
    } catch (error) {
      logBackgroundFailure("projectRun", error);
      this.#timers.set("project", nextAttempt(run, Date.now()));
      return this.#timers.arm();
    }
    if (this.#run?.updatedAt !== run.updatedAt) return;
    this.#timers.clear("project");
    await this.#timers.arm();
  }
}
