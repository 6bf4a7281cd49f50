import { DurableObject } from "cloudflare:workers";
import type { RunStatus } from "../../db/agent-schema.ts";
import type { SourceAnswer, SourceStep } from "../../stream/journal/numbered-source.ts";
import { applySchema, hasSchema } from "../../objects/object-schema.ts";
import type { ProducerPosition, ProducerRefusal } from "../../stream/journal/producers.ts";
import { Timers } from "../../objects/timers.ts";
import type { WorkEvent } from "../../pool/work.ts";
import type { DispatchEvent } from "../dispatch/dispatch-table.ts";
import type { RunRow } from "../model/run-view.ts";
import { currentMicroseconds } from "../../db/microseconds.ts";
import type { AgentCommand } from "../protocol/command-outcome.ts";
import { applyChange, type RunChange } from "../model/run-change.ts";
import { RunConnections } from "./run-connections.ts";
import { RunAttempts } from "./run-attempts.ts";
import { isDrivenByClient, RunDispatch, toChange } from "./run-dispatch.ts";
import { RunDuties } from "./run-duties.ts";
import type { RunTimer } from "./run-ending.ts";
import { RunJournal } from "./run-journal.ts";
import { describeLog, type LogPart, type LogState, openLog } from "./run-log.ts";
import {
  type Changed,
  type Commanded,
  type Found,
  isInScope,
  type JournalFull,
  NOT_FOUND,
  type NotFound,
  type ProjectScope,
  type RunScope,
  TOO_LARGE,
  type TooLarge,
} from "../model/run-outcome.ts";
import { beginRun, isStorable, type NewRun, RunRecord } from "./run-record.ts";
import { isTerminal } from "../model/run-status.ts";
import { RUN_TABLES } from "./run-tables.ts";
import { type SessionLogPage, type SessionLogQuery, selectSessionLog } from "./session-log.ts";
import { readDurableRequest, readObjectRequest } from "../protocol/stream-request.ts";
import type { OwnedAgent, RunOwner } from "../model/run-owner.ts";

/** Why a run is committed beside its own change. */
interface Cause {
  event?: DispatchEvent | undefined;
  notification?: RunChange["notification"];
}

/** A client that drives its run itself has no runner looked for. */
function startOf(run: RunRow, then: "start" | undefined): DispatchEvent | undefined {
  return then && !isDrivenByClient(run) ? { kind: then } : undefined;
}

/**
 * One run: the single writer of its record and its journal. A change commits together with the state entry that tells of
 * it, then its row in D1 is written, then the caller has its answer; when D1 fails, the alarm repeats until the row
 * matches. Expected failures are values. An object whose run was never created stores nothing.
 */
export class Run extends DurableObject {
  readonly #record: RunRecord;
  readonly #timers: Timers<RunTimer>;
  readonly #journal: RunJournal;
  readonly #connections: RunConnections;
  readonly #duties: RunDuties;
  readonly #dispatch: RunDispatch;
  readonly #attempts: RunAttempts;
  /** The stored run, or undefined before its creation. */
  #run: RunRow | undefined;
  /** What it was made for, where that is an evaluation. */
  #owner: RunOwner | undefined;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#record = new RunRecord(ctx.storage);
    this.#timers = new Timers(ctx.storage);
    this.#journal = new RunJournal(ctx.storage, env.ARTIFACTS, this.#timers, () => this.#connections.wake());
    this.#attempts = new RunAttempts(ctx.storage.sql, this.#journal);
    this.#connections = new RunConnections(ctx, this.#journal, this.#attempts, this.#timers, () => this.#run);
    this.#dispatch = new RunDispatch(ctx.storage, env, this.#timers);
    this.#duties = new RunDuties(ctx, env, this.#timers, this.#journal, this.#connections, this.#dispatch, {
      latest: () => this.#run,
      follow: (event) => this.#follow(event),
      owner: () => this.#owner,
    });
    if (!hasSchema(ctx.storage.sql)) return;
    ctx.storage.transactionSync(() => this.#migrate());
    this.#run = this.#record.load();
    this.#owner = this.#record.loadOwner();
    if (this.#run) this.#duties.resume(this.#run);
  }

  /** Creates the run, for an owner where it has one. Repeated for the same scope it answers with the run that is there. */
  async create(scope: RunScope, init: NewRun, then?: "start", owner?: RunOwner): Promise<Found | NotFound | TooLarge> {
    if (this.#run) return this.read(scope);
    const run = beginRun(scope, init, currentMicroseconds());
    if (!isStorable(run)) return TOO_LARGE;
    this.#owner = owner;
    return { ok: true, run: await this.#commit(run, { event: startOf(run, then) }) };
  }

  read(scope: RunScope): Found | NotFound {
    const run = this.#runOf(scope);
    return run ? { ok: true, run } : NOT_FOUND;
  }

  /** Changes the run; where `from` is given, only while it is in one of these statuses. `then`: brings it to a runner. */
  async change(
    scope: RunScope,
    change: RunChange,
    from?: readonly RunStatus[],
    then?: "start",
  ): Promise<Changed | NotFound | TooLarge> {
    const run = this.#runOf(scope);
    if (!run) return NOT_FOUND;
    if (from && !from.includes(run.status)) return { ok: true, run, applied: false };
    const changed = applyChange(run, change, currentMicroseconds());
    if (!isStorable(changed)) return TOO_LARGE;
    const { notification } = change;
    const committed = await this.#commit(changed, { event: startOf(changed, then), notification });
    return { ok: true, run: committed, applied: true };
  }

  /** Has lists show the run as it is now: those of a run with an owner show it some seconds late. */
  async settle(scope: RunScope): Promise<{ ok: true } | NotFound> {
    const run = this.#runOf(scope);
    if (!run) return NOT_FOUND;
    await this.#duties.settle(run);
    return { ok: true };
  }

  /** Whether a runner gets this attempt: a run that was given away is as good as taken. */
  async admit(
    scope: RunScope,
    attempt: number,
  ): Promise<(Found & { isAdmitted: boolean; agent: OwnedAgent | undefined }) | NotFound> {
    if (!this.#runOf(scope)) return NOT_FOUND;
    await this.#follow({ kind: "admit", attempt });
    const run = this.#runOf(scope);
    const { state } = this.#dispatch;
    const isAdmitted = state.phase === "held" && state.attempt === attempt;
    return run ? { ok: true, run, isAdmitted, agent: this.#owner?.agent } : NOT_FOUND;
  }

  /** Takes up what the pool tells of an attempt. */
  async hear(scope: RunScope, attempt: number, event: WorkEvent): Promise<{ ok: true } | NotFound> {
    const run = this.#runOf(scope);
    if (!run) return NOT_FOUND;
    await this.#follow(
      event.kind === "lost"
        ? { kind: "lost", attempt, reason: event.reason, repeat: !isDrivenByClient(run) }
        : { kind: event.kind, attempt },
    );
    return { ok: true };
  }

  /**
   * Appends log entries: lines of JSON that end in a line feed each, none above MAX_ENTRY_BYTES. A batch that its
   * producer sends again is acknowledged as a duplicate and not stored again. `maxBytes` is how large the object may be.
   */
  async appendLog(
    scope: RunScope,
    lines: Uint8Array,
    maxBytes: number,
    producer?: ProducerPosition,
  ): Promise<{ ok: true; run: RunRow; duplicate: boolean } | NotFound | JournalFull | ProducerRefusal> {
    const run = this.#runOf(scope);
    if (!run) return NOT_FOUND;
    const appended = await this.#journal.append(run, lines, maxBytes, producer);
    return appended.ok ? { ...appended, run } : appended;
  }

  /** Carries out a step of the event stream (agent-tasks 9), also after the run's end: its last events come late. */
  async takeEvents(
    scope: RunScope,
    step: SourceStep,
    maxBytes: number,
  ): Promise<({ ok: true } & SourceAnswer) | NotFound | JournalFull> {
    const run = this.#runOf(scope);
    return run ? this.#journal.takeEvents(run, step, maxBytes) : NOT_FOUND;
  }

  /** Has the run's agent answer a command in so many seconds, where it is connected (8.1). */
  async command(scope: RunScope, command: AgentCommand, seconds: number): Promise<Commanded | NotFound> {
    const run = this.#runOf(scope);
    return run ? { ok: true, run, outcome: await this.#connections.agents.command(command, seconds) } : NOT_FOUND;
  }

  /** What is known of the log, or of what one attempt has of it, as it stands now. */
  describeLog(scope: RunScope, attempt?: number): { ok: true; run: RunRow; log: LogState } | NotFound {
    const run = this.#runOf(scope);
    const log = run && describeLog(this.#journal.entries, this.#attempts, attempt);
    return log ? { ok: true, run, log } : NOT_FOUND;
  }

  /** A part of the log, as JSON lines. Rejects when it cannot be read. */
  async readLog(scope: RunScope, part: LogPart): Promise<{ ok: true; lines: ReadableStream<Uint8Array> } | NotFound> {
    if (!this.#runOf(scope)) return NOT_FOUND;
    return { ok: true, lines: await openLog(this.#journal.entries, part) };
  }

  /** Drops the log of a run that has ended, and of its journal all but how it ended. Rejects when the bucket fails. */
  async dropLog(scope: RunScope): Promise<{ ok: true } | NotFound> {
    const run = this.#runOf(scope);
    if (!run || !isTerminal(run.status)) return NOT_FOUND;
    await this.#journal.drop(run);
    await this.#timers.arm();
    return { ok: true };
  }

  /** A page of the log's entries (agent-tasks 5.4). */
  async sessionLogs(scope: RunScope, query: SessionLogQuery): Promise<({ ok: true } & SessionLogPage) | NotFound> {
    if (!this.#runOf(scope)) return NOT_FOUND;
    const page = await selectSessionLog(this.#journal.entries, this.#attempts, query);
    return page ? { ok: true, ...page } : NOT_FOUND;
  }

  /** Opens the run's stream for a reader or for its agent (stream-request.ts): 404 without such a run, 503 without room. */
  override async fetch(request: Request): Promise<Response> {
    const durable = readDurableRequest(request);
    if (durable) {
      const run = this.#runOf(durable.scope);
      return run ? this.#connections.readDurably(run, durable.read) : new Response(null, { status: 404 });
    }
    const asked = readObjectRequest(request);
    const isThere = this.#runOf(asked.scope) && (asked.attempt === undefined || this.#attempts.partOf(asked.attempt));
    return isThere ? this.#connections.open(asked) : new Response(null, { status: 404 });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#connections.receive(socket, message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#connections.agents.lose(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#connections.agents.lose(socket);
  }

  override async alarm(): Promise<void> {
    if (this.#run) await this.#duties.doDue();
  }

  #runOf(scope: ProjectScope): RunRow | undefined {
    return this.#run && isInScope(this.#run, scope) ? this.#run : undefined;
  }

  #begin(): void {
    this.#migrate();
    if (this.#owner) this.#record.saveOwner(this.#owner);
  }

  #migrate(): void {
    applySchema(this.ctx.storage.sql, RUN_TABLES);
  }

  /** Takes up what happens to the run on its way to a runner. */
  async #follow(event: DispatchEvent): Promise<void> {
    if (this.#run) await this.#commit(this.#run, { event });
  }

  /**
   * Commits a run with its state entry, what the change or the event means for its dispatch, and the timers that outlive
   * this call; then writes the projection. Returns the run as it is then.
   */
  async #commit(run: RunRow, { event, notification }: Cause): Promise<RunRow> {
    let next = run;
    this.ctx.storage.transactionSync(() => {
      if (!this.#run) this.#begin();
      next = this.#followed(run, event);
      if (next === this.#run) return;
      this.#record.save(next);
      this.#journal.addState(next, notification);
      this.#duties.schedule(this.#run, next);
    });
    const isChanged = next !== this.#run;
    this.#run = next;
    await this.#timers.arm();
    if (!isChanged) return next;
    await this.#connections.agents.tell();
    await this.#duties.project(next);
    return next;
  }

  /** The run after what a change of it, or an event, means on its way to a runner. */
  #followed(run: RunRow, event: DispatchEvent | undefined): RunRow {
    const derived = run === this.#run ? [] : this.#dispatch.eventsOf(run);
    const effects = [...(event ? [event] : []), ...derived].flatMap((cause) => this.#dispatch.take(cause));
    return effects.reduce((next, effect) => {
      if (isTerminal(next.status)) return next;
      const now = currentMicroseconds();
      if (effect.kind === "requeue") this.#attempts.begin(effect.attempt, effect.end, effect.reason, now);
      return applyChange(next, toChange(effect), now);
    }, run);
  }
}
