import { readConfig } from "../../config.ts";
import { applySchema, hasSchema } from "../../objects/object-schema.ts";
import { Timers } from "../../objects/timers.ts";
import { Journal } from "../../stream/journal/journal.ts";
import { type EndReason, endingOf } from "../model/end-reason.ts";
import { type EvaluationRecord, isOver, type StopReason } from "../model/evaluation.ts";
import { isEnded, isForward, RETRIED_STATUSES } from "../model/item-status.ts";
import { MeanScores, type Standing, toJob } from "../model/job-view.ts";
import { beginTry, type TryState } from "../model/plan.ts";
import { Tally } from "../statistics/tally.ts";
import { EvaluationEvents } from "./evaluation-events.ts";
import { EvaluationNotices, evaluationNotice, itemNotice } from "./evaluation-notices.ts";
import { EVALUATION_TABLES } from "./evaluation-tables.ts";
import type { EvaluationTimer } from "./evaluation-timers.ts";
import { type Item, ItemStore, type NewTask } from "./item-store.ts";

/** The longest pause before another try, in milliseconds. */
const RETRY_MAX_MS = 300_000;

/** How long D1 may show an evaluation as it was, while its items come and go; in milliseconds. */
const PROJECT_DELAY_MS = 5_000;

/**
 * An evaluation and its items: what is stored, and what follows from each change. Nothing here waits or asks anybody: an
 * item begins, ends and is queued again within the transaction of what causes it, so that `concurrency` holds whatever fails
 * in between.
 */
export class EvaluationCore {
  readonly items: ItemStore;
  readonly events: EvaluationEvents;
  readonly timers: Timers<EvaluationTimer>;
  readonly notices: EvaluationNotices;
  readonly #storage: DurableObjectStorage;
  readonly #env: Cloudflare.Env;
  #record: EvaluationRecord | undefined;
  #standing: Standing | undefined;

  constructor(storage: DurableObjectStorage, env: Cloudflare.Env, onGrowth: () => void) {
    this.#storage = storage;
    this.#env = env;
    this.items = new ItemStore(storage.sql);
    this.timers = new Timers(storage);
    this.notices = new EvaluationNotices(storage.sql);
    this.events = new EvaluationEvents(new Journal(storage.sql, { onGrowth }));
    if (!hasSchema(storage.sql)) return;
    storage.transactionSync(() => applySchema(storage.sql, EVALUATION_TABLES));
    const [row] = storage.sql.exec<{ record: string }>("SELECT record FROM evaluation").toArray();
    this.#record = row && JSON.parse(row.record);
  }

  /** Undefined before its creation. */
  get record(): EvaluationRecord | undefined {
    return this.#record;
  }

  /** Stores a new evaluation with its items, and begins as many as may work at once. */
  create(record: EvaluationRecord, tasks: readonly NewTask[], idOf: (position: number) => string): void {
    this.#transact((now) => {
      applySchema(this.#storage.sql, EVALUATION_TABLES);
      this.items.create(tasks, record.attempts, idOf, now);
      this.#save({ ...record, status: "running" }, now);
      this.#advance(now);
    });
  }

  /** Takes up how a try stands. False where nobody wants to know: it is another try's turn, or the item has ended. */
  report(itemId: string, tryNumber: number, state: TryState): boolean {
    const item = this.items.find(itemId);
    if (!item || item.tryNumber !== tryNumber || item.status === "queued" || isEnded(item.status)) return false;
    if (isForward(item.status, state.status)) this.#transact((now) => this.#follow(item, state, now));
    return true;
  }

  /** Begins items whose pause is over. */
  continue(): void {
    this.timers.clear("due");
    this.#transact((now) => this.#advance(now));
  }

  /** Cancels what waits at once, and has what is at work stopped. Repeated, it changes nothing. */
  cancel(): void {
    const record = this.#record;
    if (!record || record.cancelRequestedAt !== null) return;
    this.#transact((now) => {
      this.#save({ ...record, cancelRequestedAt: now, stopReason: "user" }, now);
      this.#endQueued("user", now);
      this.items.cancelActive("user");
      this.#advance(now);
    });
  }

  /** Queues the items again that ended without having passed; their tries until now are kept. How many that are. */
  retryFailed(): number {
    const record = this.#record;
    if (!record) return 0;
    return this.#transact((now) => {
      const filter = { statuses: RETRIED_STATUSES, taskName: undefined };
      const { items } = this.items.list(filter, Number.MAX_SAFE_INTEGER, 0);
      if (items.length === 0) return 0;
      this.events.reopen();
      const reopened = {
        ...record,
        status: "running" as const,
        stopReason: null,
        cancelRequestedAt: null,
        endedAt: null,
        costBase: record.costBase + record.cost,
        cost: 0,
      };
      this.#save(reopened, now);
      for (const item of items) this.#requeue(item, 0, now, now);
      this.#advance(now);
      return items.length;
    });
  }

  /** The numbers of its answer, made anew when something has changed. */
  standing(): Standing {
    if (this.#standing) return this.#standing;
    const tally = new Tally(1);
    const scores = new MeanScores();
    let items = 0;
    for (const result of this.items.results()) {
      tally.add(result);
      scores.add(result);
      items += 1;
    }
    const { pass_rate, mean_reward } = tally.summary();
    const summary = { pass_rate, mean_reward };
    const tasks = this.items.taskCount();
    this.#standing = { counts: this.items.counts(), tasks, items, summary, meanScores: scores.means() };
    return this.#standing;
  }

  #follow(item: Item, state: TryState, now: number): void {
    this.items.save(item, state);
    this.#addCost(item, state);
    const { endReason } = state;
    const changed = { ...item, status: state.status, state };
    this.events.tellItem(changed, this.items.counts(), now);
    if (endReason === null || !isEnded(state.status)) return;
    if (this.#mayRetry(changed, endReason)) {
      this.#requeue(changed, item.retries + 1, now, now + this.#pauseBefore(item.retries));
    } else this.#conclude(changed, now);
    this.#advance(now);
  }

  #conclude(item: Item, now: number): void {
    if (this.#record) this.notices.add(itemNotice(this.#record, item, now));
  }

  #mayRetry({ retries }: Item, reason: EndReason): boolean {
    const record = this.#record;
    return (
      endingOf(reason).isRetried && record !== undefined && record.stopReason === null && retries < record.maxRetries
    );
  }

  /** Half to all of a pause that doubles. */
  #pauseBefore(retries: number): number {
    const pause = readConfig(this.#env).EVALUATION_RETRY_SECONDS * 1000 * 2 ** retries;
    return Math.min(pause, RETRY_MAX_MS) * (0.5 + Math.random() / 2);
  }

  #requeue(item: Item, retries: number, now: number, due: number): void {
    this.items.requeue(item, retries, now, due);
    const queued = { ...item, status: "queued" as const, state: null, retries };
    this.events.tellItem(queued, this.items.counts(), now);
  }

  /** Counts what a try has cost; what waits is cancelled once the budget is spent. */
  #addCost(item: Item, { usage }: TryState): void {
    const record = this.#record;
    const more = (usage?.costUsd ?? 0) - (item.state?.usage?.costUsd ?? 0);
    if (!record || more <= 0) return;
    this.#store({ ...record, cost: record.cost + more });
  }

  /** Begins what may begin, ends what is through, and sets the timers of what is left to do. */
  #advance(now: number): void {
    const record = this.#record;
    if (!record || isOver(record)) return;
    if (record.stopReason === null && record.maxCostUsd !== null && record.cost >= record.maxCostUsd) {
      this.#save({ ...record, stopReason: "budget" }, now);
      this.#endQueued("budget", now);
    } else if (record.stopReason === null) {
      const free = record.concurrency - this.items.countActive();
      if (free > 0)
        for (const item of this.items.claim(free, now)) this.events.tellItem(item, this.items.counts(), now);
    }
    const counts = this.items.counts();
    if (counts.queued === 0 && this.items.countActive() === 0) return this.#finish(now);
    if (this.items.toTell(1).length > 0) this.timers.set("tell", now);
    const due = this.items.nextDue();
    if (due === undefined || due <= now) this.timers.clear("due");
    else this.timers.set("due", due);
    if (!this.timers.has("project")) this.timers.set("project", now + PROJECT_DELAY_MS);
  }

  #endQueued(reason: StopReason, now: number): void {
    const queued = this.items.list({ statuses: ["queued"], taskName: undefined }, Number.MAX_SAFE_INTEGER, 0).items;
    const { status } = endingOf(reason);
    const state = { ...beginTry(now), status, endReason: reason, completedAt: now };
    this.items.endQueued(state);
    const counts = this.items.counts();
    for (const item of queued) {
      const ended = { ...item, status, state };
      this.events.tellItem(ended, counts, now);
      this.#conclude(ended, now);
    }
  }

  #finish(now: number): void {
    const record = this.#record;
    if (!record) return;
    this.#standing = undefined;
    const { summary, counts } = this.standing();
    const status =
      record.stopReason !== null ? "cancelled" : hasFailed(counts, summary.pass_rate.n) ? "failed" : "completed";
    const ended = { ...record, status, endedAt: now, ends: record.ends + 1 } as const;
    this.#store(ended);
    this.events.end(ended, counts, now);
    this.notices.add(evaluationNotice(ended, toJob(ended, this.standing()), ended.ends, now));
    this.timers.clear("due");
    this.timers.set("project", now);
  }

  #save(record: EvaluationRecord, now: number): void {
    this.#store(record);
    this.events.tell(record, this.items.counts(), now);
  }

  #store(record: EvaluationRecord): void {
    this.#storage.sql.exec("INSERT OR REPLACE INTO evaluation (id, record) VALUES (1, ?)", JSON.stringify(record));
    this.#record = record;
  }

  /** Carries out a change in one transaction; one that fails leaves everything as it was. */
  #transact<T>(change: (now: number) => T): T {
    const before = this.#record;
    this.#standing = undefined;
    try {
      return this.#storage.transactionSync(() => change(Date.now()));
    } catch (error) {
      this.#record = before;
      this.#standing = undefined;
      this.items.recount();
      throw error;
    }
  }
}

/** Nothing can be said about the agent, because everything else failed. */
function hasFailed(counts: Standing["counts"], counted: number): boolean {
  return counted === 0 && counts.infra_error > 0;
}
