import { DurableObject } from "cloudflare:workers";
import { v5 as nameUuid } from "uuid";
import { connect } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { LongWork } from "../../objects/long-work.ts";
import { type EvaluationRecord, type EvaluationScope, isInScope, isOver } from "../model/evaluation.ts";
import { type Job, toJob } from "../model/job-view.ts";
import type { TryState } from "../model/plan.ts";
import type { Scored } from "../model/results.ts";
import { analyticsOf } from "../statistics/tally.ts";
import type { Analytics } from "../statistics/analytics-schema.ts";
import { EvaluationCore } from "./evaluation-core.ts";
import { NOTICE_BATCH, projectEvaluation } from "./evaluation-projection.ts";
import { EvaluationReaders } from "./evaluation-readers.ts";
import { readObjectRequest } from "./events-request.ts";
import { ItemTeller } from "./item-teller.ts";
import type { Item, ItemFilter, NewTask } from "./item-store.ts";

export type NotFound = { ok: false; reason: "not_found" };
/** The evaluation's status does not allow it. */
export type WrongStatus = { ok: false; reason: "status"; status: EvaluationRecord["status"] };

const NOT_FOUND: NotFound = { ok: false, reason: "not_found" };

/** How long after a failure D1 is written again, in milliseconds. */
const PROJECT_RETRY_MS = 5_000;

/**
 * One evaluation: the single writer of its items and counts. EvaluationCore has what is stored and what follows from a
 * change; this object carries out what a change asks for: it tells the items' objects, its readers, and D1. Expected failures
 * are values. An object whose evaluation was never created stores nothing.
 */
export class Evaluation extends DurableObject {
  readonly #core: EvaluationCore;
  readonly #readers: EvaluationReaders;
  readonly #teller: ItemTeller;
  readonly #work = new LongWork();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#core = new EvaluationCore(ctx.storage, env, () => this.#readers.wake());
    this.#readers = new EvaluationReaders(ctx, this.#core.events, this.#core.timers);
    this.#teller = new ItemTeller(env, this.#core);
  }

  /** Creates the evaluation and begins its items. Repeated, it answers with the evaluation that is there. */
  async create(record: EvaluationRecord, tasks: NewTask[]): Promise<Job> {
    if (!this.#core.record) this.#core.create(record, tasks, (position) => nameUuid(`item ${position}`, record.id));
    await this.#core.timers.arm();
    await this.#project();
    void this.#tell();
    return this.#job();
  }

  /** The evaluation as it is now. */
  read(scope: EvaluationScope): { ok: true; job: Job } | NotFound {
    return this.#isOf(scope) ? { ok: true, job: this.#job() } : NOT_FOUND;
  }

  /** The same with all of its numbers. */
  analyse(scope: EvaluationScope): { ok: true; job: Job; analytics: Analytics } | NotFound {
    const record = this.#isOf(scope);
    if (!record) return NOT_FOUND;
    return { ok: true, job: this.#job(), analytics: analyticsOf(this.#core.items.results(), record.attempts) };
  }

  /** A page of its items, in the order of their positions. */
  list(scope: EvaluationScope, filter: ItemFilter, limit: number, offset: number) {
    const record = this.#isOf(scope);
    if (!record) return NOT_FOUND;
    return { ok: true as const, record, ...this.#core.items.list(filter, limit, offset) };
  }

  item(scope: EvaluationScope, itemId: string): { ok: true; record: EvaluationRecord; item: Item } | NotFound {
    const record = this.#isOf(scope);
    const item = record && this.#core.items.find(itemId);
    return item ? { ok: true, record, item } : NOT_FOUND;
  }

  /** What it was made of: references of its tasks, each once, in their order. */
  outline(scope: EvaluationScope): { ok: true; record: EvaluationRecord; tasks: string[] } | NotFound {
    const record = this.#isOf(scope);
    return record ? { ok: true, record, tasks: this.#core.items.taskRefs() } : NOT_FOUND;
  }

  /** The results of all items, which comparisons are made of. */
  results(scope: EvaluationScope): { ok: true; results: Scored[] } | NotFound {
    return this.#isOf(scope) ? { ok: true, results: [...this.#core.items.results()] } : NOT_FOUND;
  }

  /** Stops the evaluation; one that was cancelled before stays as it is. */
  async cancel(scope: EvaluationScope): Promise<{ ok: true; job: Job } | NotFound | WrongStatus> {
    const record = this.#isOf(scope);
    if (!record) return NOT_FOUND;
    if (isOver(record) && record.stopReason !== "user") return { ok: false, reason: "status", status: record.status };
    this.#core.cancel();
    await this.#settle();
    return { ok: true, job: this.#job() };
  }

  /** Queues the items again that did not pass. */
  async retryFailed(scope: EvaluationScope): Promise<{ ok: true; job: Job; queued: number } | NotFound | WrongStatus> {
    const record = this.#isOf(scope);
    if (!record) return NOT_FOUND;
    if (record.stopReason !== null && !isOver(record)) return { ok: false, reason: "status", status: record.status };
    const queued = this.#core.retryFailed();
    await this.#settle();
    return { ok: true, job: this.#job(), queued };
  }

  /** Takes up how a try of an item stands. `isWanted` is false where it is to be given up. */
  async report(itemId: string, tryNumber: number, state: TryState): Promise<{ isWanted: boolean }> {
    const isWanted = this.#core.report(itemId, tryNumber, state);
    await this.#settle();
    return { isWanted };
  }

  /** Opens the stream of events for a reader (events-request.ts): 404 without such an evaluation, 503 without room. */
  override async fetch(request: Request): Promise<Response> {
    const asked = readObjectRequest(request);
    return this.#isOf(asked.scope) ? this.#readers.open(asked) : new Response(null, { status: 404 });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#readers.receive(socket, message);
  }

  /** Does what is due; everything may be repeated. */
  override async alarm(): Promise<void> {
    const { timers, record } = this.#core;
    if (!record) return;
    for (const timer of timers.due(Date.now())) {
      if (timer === "due") this.#core.continue();
      else if (timer === "tell") await this.#tell();
      else if (timer === "passes") await this.#readers.checkPasses(connect(this.env.DB));
      else await this.#project();
    }
    await timers.arm();
  }

  /** What a change leaves to do: timers, items' objects, and D1 where the evaluation has ended. */
  async #settle(): Promise<void> {
    await this.#core.timers.arm();
    void this.#tell();
    if (this.#core.record && isOver(this.#core.record)) await this.#project();
  }

  #tell(): Promise<void> {
    return this.#work.run("tellItems", () => this.#teller.tell());
  }

  #isOf(scope: EvaluationScope): EvaluationRecord | undefined {
    const { record } = this.#core;
    return record && isInScope(record, scope) ? record : undefined;
  }

  #job(): Job {
    const { record } = this.#core;
    if (!record) throw new Error("The evaluation was not created");
    return toJob(record, this.#core.standing());
  }

  /** Writes the projection and the notices. Its timer stays set until D1 has all of them. */
  async #project(): Promise<void> {
    const { record, timers, notices, events, items } = this.#core;
    if (!record || !timers.has("project")) return;
    const revision = events.tail().seq;
    const { notices: batch, last } = notices.next(NOTICE_BATCH);
    const touched = items.takeTouched();
    try {
      await projectEvaluation(this.env, connect(this.env.DB), record, this.#job(), revision, batch, touched);
    } catch (error) {
      logBackgroundFailure("projectEvaluation", error);
      items.touch(touched);
      timers.set("project", Date.now() + PROJECT_RETRY_MS);
      return timers.arm();
    }
    notices.forget(last);
    if (!notices.isEmpty) timers.set("project", Date.now());
    else if (events.tail().seq === revision) timers.clear("project");
    await timers.arm();
  }
}
