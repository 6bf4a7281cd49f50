import { and, eq, getTableColumns, lt, sql } from "drizzle-orm";
import { agentRuns, agentTasks, keptRunLogs } from "../db/agent-schema.ts";
import { connect, type Database } from "../db/client.ts";
import { logBackgroundFailure } from "../http/request-log.ts";
import type { Timers } from "../stream/timers.ts";
import type { RunRow } from "../tasks/run-view.ts";
import type { RunTimer } from "./run-ending.ts";

/** The shortest and the longest wait between two attempts to write a run's row, in milliseconds. */
const RETRY_MIN_MS = 5_000;
const RETRY_MAX_MS = 600_000;

/** Every column as the inserted row has it, so that its JSON is sent to D1 once. */
const INSERTED = Object.fromEntries(
  Object.entries(getTableColumns(agentRuns)).map(([key, { name }]) => [key, sql`excluded.${sql.identifier(name)}`]),
);

/**
 * Writes the row of D1 that lists and look-ups use, the task's last activity, and that the run's log is kept from its end
 * on. Safe to repeat and to overtake: an older state never replaces a newer one.
 */
async function projectRun(db: Database, run: RunRow): Promise<void> {
  const { id: runId, completedAt: since } = run;
  await db.batch([
    db
      .insert(agentRuns)
      .values(run)
      .onConflictDoUpdate({ target: agentRuns.id, set: INSERTED, setWhere: lt(agentRuns.updatedAt, run.updatedAt) }),
    db
      .update(agentTasks)
      .set({ lastActivityAt: sql`max(${agentTasks.lastActivityAt}, ${run.updatedAt})` })
      .where(and(eq(agentTasks.organizationId, run.organizationId), eq(agentTasks.id, run.taskId))),
    ...(since === null ? [] : [db.insert(keptRunLogs).values({ runId, since }).onConflictDoNothing()]),
  ]);
}

/** When to try again what failed until `now` (milliseconds): the wait doubles with the age of the change. */
export function nextAttempt(run: RunRow, now: number): number {
  const age = now - Math.floor(run.updatedAt / 1000);
  return now + Math.min(Math.max(age, RETRY_MIN_MS), RETRY_MAX_MS);
}

/** Writes a run's row from within its object, whose timer repeats it until that succeeds. */
export class RunProjector {
  readonly #db: D1Database;
  readonly #timers: Timers<RunTimer>;
  readonly #latest: () => RunRow | undefined;

  /** `latest` is the run as it is stored at the time. */
  constructor(db: D1Database, timers: Timers<RunTimer>, latest: () => RunRow | undefined) {
    this.#db = db;
    this.#timers = timers;
    this.#latest = latest;
  }

  /** Writes the row. The timer stays set until it shows the latest change. */
  async write(run: RunRow): Promise<void> {
    try {
      await projectRun(connect(this.#db), run);
    } catch (error) {
      logBackgroundFailure("projectRun", error);
      this.#timers.set("project", nextAttempt(run, Date.now()));
      return this.#timers.arm();
    }
    if (this.#latest()?.updatedAt !== run.updatedAt) return;
    this.#timers.clear("project");
    await this.#timers.arm();
  }
}
