import type { Notice } from "../../webhooks/outbox.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { Job } from "../model/job-view.ts";
import { passedOf } from "../model/results.ts";
import type { Item } from "./item-store.ts";

/** Events for webhooks that D1 has yet to take, in the SQLite of the evaluation's object. */
export class EvaluationNotices {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Stores an event in the transaction of the change that it tells of. */
  add(notice: Notice): void {
    this.#sql.exec("INSERT INTO notices (notice) VALUES (?)", JSON.stringify(notice));
  }

  /** The oldest ones, and the number up to which they are. */
  next(limit: number): { notices: Notice[]; last: number } {
    const rows = this.#sql
      .exec<{ number: number; notice: string }>("SELECT * FROM notices ORDER BY number LIMIT ?", limit)
      .toArray();
    const notices = rows.map(({ notice }): Notice => {
      const stored: Omit<Notice, "occurredAt"> & { occurredAt: string } = JSON.parse(notice);
      return { ...stored, occurredAt: new Date(stored.occurredAt) };
    });
    return { notices, last: rows.at(-1)?.number ?? 0 };
  }

  forget(last: number): void {
    this.#sql.exec("DELETE FROM notices WHERE number <= ?", last);
  }

  get isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM notices LIMIT 1").toArray().length === 0;
  }
}

/** An item has ended for good. */
export function itemNotice({ id, organizationId }: EvaluationRecord, item: Item, now: number): Notice {
  const { state } = item;
  return {
    event: "evaluation.item_completed",
    eventId: `${item.id}.${item.tryNumber}`,
    organizationId,
    occurredAt: new Date(now),
    data: {
      evaluation_id: id,
      item_id: item.id,
      task_ref: item.task.ref,
      attempt: item.attempt,
      item_status: item.status,
      end_reason: state?.endReason ?? null,
      passed: passedOf(item),
      reward: state?.reward ?? null,
      run_id: state?.runId ?? null,
    },
  };
}

/** The evaluation has ended. `end` counts its ends: one that was retried has several. */
export function evaluationNotice({ id, organizationId }: EvaluationRecord, job: Job, end: number, now: number): Notice {
  const { name, status, stop_reason, pass_rate, counts } = job;
  return {
    event: "evaluation.completed",
    eventId: `${id}.${end}`,
    organizationId,
    occurredAt: new Date(now),
    data: { evaluation_id: id, name, status, stop_reason, pass_rate, counts },
  };
}
