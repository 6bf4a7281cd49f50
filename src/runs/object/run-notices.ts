import { v5 } from "uuid";
import type { WebhookEvent } from "../../db/webhook-events.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import type { RunRow } from "../model/run-view.ts";
import type { Notice } from "../../webhooks/outbox.ts";
import { STEP_TYPE, workflowStatusOf } from "../model/run-status.ts";

/** What webhooks are to be told of a run, until it stands in D1. It commits with the change that it tells of. */
export const NOTICE_SCHEMA: SchemaPart = {
  name: "notices",
  steps: [
    // No number is used twice: an attempt that ends late forgets by it.
    `CREATE TABLE notices (
       seq INTEGER PRIMARY KEY AUTOINCREMENT,
       event TEXT NOT NULL,
       data TEXT NOT NULL,
       at INTEGER NOT NULL
     )`,
  ],
};

/** Notices that one batch of D1 takes; each is a statement of it. */
const BATCH = 20;

/** Names the ids of these events among all UUIDs of version 5. */
const EVENT_NAMESPACE = "7a0d4cf2-3f3b-4d0c-9a65-2c1be4e0f7a1";

/** A notice with its place in the object. */
export interface PendingNotice extends Notice {
  seq: number;
}

/** What a change is to webhooks: its end in two ways, or another step; undefined for all that is no step. */
function eventOf(before: RunRow | undefined, run: RunRow): WebhookEvent | undefined {
  if (before?.status === run.status && before.stage === run.stage) return undefined;
  if (before?.status === run.status) return "flows.tasks.step_change";
  if (run.status === "completed") return "flows.tasks.completed";
  return run.status === "cancelled" ? "flows.tasks.canceled" : "flows.tasks.step_change";
}

export class RunNotices {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps what webhooks are to be told of a change. Call it in the change's transaction. */
  record(before: RunRow | undefined, run: RunRow): void {
    const event = eventOf(before, run);
    if (event === undefined) return;
    const data = {
      status: workflowStatusOf(run.status),
      step_run_id: run.id,
      step_id: run.id,
      step_name: run.stage,
      step_type: STEP_TYPE,
      previous_status: before ? workflowStatusOf(before.status) : null,
      previous_step_name: before?.stage ?? null,
    };
    this.#sql.exec(
      "INSERT INTO notices (event, data, at) VALUES (?, ?, ?)",
      event,
      JSON.stringify(data),
      run.updatedAt,
    );
  }

  /** The oldest notices that are not in D1 yet, of a run. */
  pending(run: RunRow): PendingNotice[] {
    return this.#sql
      .exec<{ seq: number; event: WebhookEvent; data: string; at: number }>(
        "SELECT seq, event, data, at FROM notices ORDER BY seq LIMIT ?",
        BATCH,
      )
      .toArray()
      .map(({ seq, event, data, at }) => ({
        seq,
        event,
        eventId: v5(`${run.id} ${at} ${event}`, EVENT_NAMESPACE),
        organizationId: run.organizationId,
        taskId: run.taskId,
        occurredAt: new Date(Math.floor(at / 1000)),
        data: JSON.parse(data),
      }));
  }

  /** Forgets notices that are in D1. */
  forget(notices: readonly PendingNotice[]): void {
    const last = notices.at(-1);
    if (last) this.#sql.exec("DELETE FROM notices WHERE seq <= ?", last.seq);
  }

  get isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM notices LIMIT 1").toArray().length === 0;
  }
}
