import { lt } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { currentMicroseconds } from "../../db/microseconds.ts";
import { evaluations } from "../../db/evaluation-schema.ts";
import { touchTasks } from "../../tasks/task-store.ts";
import { announce, type Notice, startDeliveries } from "../../webhooks/outbox.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { Job } from "../model/job-view.ts";

/** Notices that one batch of D1 takes with it. */
export const NOTICE_BATCH = 50;

/** Writes the row that lists show and what has happened to agent tasks, and puts events on their way to webhooks. Safe to repeat and to overtake. */
export async function projectEvaluation(
  env: Cloudflare.Env,
  db: Database,
  record: EvaluationRecord,
  job: Job,
  revision: number,
  notices: readonly Notice[],
  touched: readonly string[],
): Promise<void> {
  const row = {
    id: record.id,
    organizationId: record.organizationId,
    workspaceId: record.workspaceId,
    projectId: record.project.id,
    name: record.name,
    model: record.model,
    status: record.status,
    job,
    createdAt: new Date(record.createdAt),
    revision,
  };
  const [, ...deliveries] = await db.batch([
    db
      .insert(evaluations)
      .values(row)
      .onConflictDoUpdate({ target: evaluations.id, set: row, setWhere: lt(evaluations.revision, revision) }),
    ...notices.map((notice) => announce(db, notice)),
    ...(touched.length === 0 ? [] : [touchTasks(db, record.organizationId, touched, currentMicroseconds())]),
  ]);
  const started = deliveries.flatMap((rows) => (Array.isArray(rows) ? rows : []));
  if (started.length > 0) await startDeliveries(env, started);
}
