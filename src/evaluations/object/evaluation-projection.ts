import { lt } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { evaluations } from "../../db/evaluation-schema.ts";
import { announce, type Notice, startDeliveries } from "../../webhooks/outbox.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { Job } from "../model/job-view.ts";

/** Notices that one batch of D1 takes with it. */
export const NOTICE_BATCH = 50;

/** Writes the row that lists show, and puts events on their way to webhooks. Safe to repeat and to overtake. */
export async function projectEvaluation(
  env: Cloudflare.Env,
  db: Database,
  record: EvaluationRecord,
  job: Job,
  revision: number,
  notices: readonly Notice[],
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
  ]);
  const started = deliveries.flat();
  if (started.length > 0) await startDeliveries(env, started);
}
