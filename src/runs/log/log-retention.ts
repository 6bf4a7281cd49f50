import { asc, eq, inArray, lt } from "drizzle-orm";
import { readConfig } from "../../config.ts";
import { agentRuns, keptRunLogs } from "../../db/agent-schema.ts";
import { connect, type Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { openRun } from "../access/run-handle.ts";

/** Runs that one sweep looks at: a call of each one's object, 28,800 a day. */
const BATCH = 200;

/** Calls at the same time. */
const CONCURRENCY = 10;

const DAY_MICROSECONDS = 24 * 3600 * 1_000_000;

/** How long a run waits whose log could not be dropped: the others come first. */
const RETRY_MICROSECONDS = 3600 * 1_000_000;

/** What one sweep did. */
export interface LogSweepResult {
  dropped: number;
  /** Logs that could not be dropped, and will be tried again. */
  failed: number;
}

/**
 * Drops the logs of runs that ended longer ago than RUN_LOG_RETENTION_DAYS: called by the cron trigger. Each sweep does a
 * bounded amount of work, and repeating one is harmless: a log that was dropped is dropped again.
 */
export async function sweepRunLogs(env: Cloudflare.Env, now: Date): Promise<LogSweepResult> {
  const result = { dropped: 0, failed: 0 };
  const days = readConfig(env).RUN_LOG_RETENTION_DAYS;
  if (days === 0) return result;
  const db = connect(env.DB);
  const until = now.getTime() * 1000 - days * DAY_MICROSECONDS;
  const expired = await findExpired(db, until);
  for (let start = 0; start < expired.length; start += CONCURRENCY) {
    const runs = expired.slice(start, start + CONCURRENCY);
    const outcomes = await Promise.all(runs.map((run) => dropLog(env, run)));
    const dropped = outcomes.filter(({ isDropped }) => isDropped).map(({ runId }) => runId);
    const failed = outcomes.filter(({ isDropped }) => !isDropped).map(({ runId }) => runId);
    await note(db, dropped, failed, until + RETRY_MICROSECONDS);
    result.dropped += dropped.length;
    result.failed += failed.length;
  }
  return result;
}

/** A run whose log has been kept long enough. */
type Expired = Awaited<ReturnType<typeof findExpired>>[number];

function findExpired(db: Database, until: number) {
  return db
    .select({
      runId: keptRunLogs.runId,
      organizationId: agentRuns.organizationId,
      projectNumber: agentRuns.projectNumber,
      taskId: agentRuns.taskId,
    })
    .from(keptRunLogs)
    .innerJoin(agentRuns, eq(agentRuns.id, keptRunLogs.runId))
    .where(lt(keptRunLogs.since, until))
    .orderBy(asc(keptRunLogs.since))
    .limit(BATCH);
}

/** Whether the log is gone; an object that knows no such run has none. */
async function dropLog(env: Cloudflare.Env, { runId, ...scope }: Expired) {
  try {
    await openRun(env, runId).dropLog(scope);
    return { runId, isDropped: true };
  } catch (error) {
    logBackgroundFailure("dropRunLog", error);
    return { runId, isDropped: false };
  }
}

/** Takes what is dropped off the list, and puts what failed behind the others. */
async function note(db: Database, dropped: string[], failed: string[], later: number): Promise<void> {
  await db.batch([
    db.delete(keptRunLogs).where(inArray(keptRunLogs.runId, dropped)),
    db.update(keptRunLogs).set({ since: later }).where(inArray(keptRunLogs.runId, failed)),
  ]);
}
