import { getTableColumns, lt, sql } from "drizzle-orm";
import { recordFiles } from "../../artifacts/file-store.ts";
import { agentRuns, keptRunLogs } from "../../db/agent-schema.ts";
import { connect, type Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { touchTasks } from "../../tasks/task-store.ts";
import type { Timers } from "../../objects/timers.ts";
import type { RunRow } from "../model/run-view.ts";
import { announce, type Notice, startDeliveries } from "../../webhooks/outbox.ts";
import { toFileRow } from "../artifacts/artifact-manifest.ts";
import type { RunTimer } from "./run-ending.ts";
import { RunNotices } from "./run-notices.ts";

/** The shortest and the longest wait between two attempts to write a run's row, in milliseconds. */
const RETRY_MIN_MS = 5_000;
const RETRY_MAX_MS = 600_000;

/** How late lists may show a run that was made for an owner, in milliseconds: all that happens to a short one is one write. */
const OWNED_DELAY_MS = 5_000;

/** Every column as the inserted row has it, so that its JSON is sent to D1 once. */
const INSERTED = Object.fromEntries(
  Object.entries(getTableColumns(agentRuns)).map(([key, { name }]) => [key, sql`excluded.${sql.identifier(name)}`]),
);

/**
 * Writes the row of D1 that lists and look-ups use, the task's last activity, the rows of the artifacts that the manifest
 * has after the first `filed`, that the run's log is kept from its end on, and what webhooks are told; gives the deliveries
 * to start. What an owner's runs mean for the activity of their task, the owner says of all of them at once. Safe to repeat and to overtake: an older state never replaces a newer one, and a notice that is there is not
 * stored again.
 */
async function projectRun(
  db: Database,
  run: RunRow,
  filed: number,
  notices: readonly Notice[],
  isOwned: boolean,
): Promise<{ id: string }[]> {
  const { id: runId, completedAt: since } = run;
  const files = run.artifacts.slice(filed).map((item) => toFileRow(run, item));
  const announced = await db.batch([
    db
      .insert(agentRuns)
      .values(run)
      .onConflictDoUpdate({ target: agentRuns.id, set: INSERTED, setWhere: lt(agentRuns.updatedAt, run.updatedAt) }),
    ...(isOwned ? [] : [touchTasks(db, run.organizationId, [run.taskId], run.updatedAt)]),
    ...notices.map((notice) => announce(db, notice)),
    ...recordFiles(db, files),
    ...(since === null ? [] : [db.insert(keptRunLogs).values({ runId, since }).onConflictDoNothing()]),
  ]);
  return announced.flatMap((rows) => (Array.isArray(rows) ? rows : []));
}

/** When to try again what failed until `now` (milliseconds): the wait doubles with the age of the change. */
export function nextAttempt(run: RunRow, now: number): number {
  const age = now - Math.floor(run.updatedAt / 1000);
  return now + Math.min(Math.max(age, RETRY_MIN_MS), RETRY_MAX_MS);
}

/**
 * Keeps D1 as the run's object has it: its row, its files, and the events for webhooks. Its timer is set with every
 * change, and stays so until D1 shows the latest one.
 */
export class RunProjection {
  readonly #ctx: DurableObjectState;
  readonly #env: Cloudflare.Env;
  readonly #timers: Timers<RunTimer>;
  readonly #notices: RunNotices;
  readonly #latest: () => RunRow | undefined;
  readonly #isOwned: () => boolean;
  /** How many of the manifest's items have their row for sure: it only grows at its end. */
  #filed = 0;

  /** `latest` is the run as it is stored at the time, `isOwned` whether it was made for an evaluation's item. */
  constructor(
    ctx: DurableObjectState,
    env: Cloudflare.Env,
    timers: Timers<RunTimer>,
    latest: () => RunRow | undefined,
    isOwned: () => boolean,
  ) {
    this.#isOwned = isOwned;
    this.#ctx = ctx;
    this.#env = env;
    this.#timers = timers;
    this.#notices = new RunNotices(ctx.storage.sql);
    this.#latest = latest;
  }

  /** Takes up a run that the object has loaded: without its timer, D1 shows all of it. */
  resume(run: RunRow): void {
    if (!this.#timers.has("project")) this.#filed = run.artifacts.length;
  }

  /** Call it in the transaction of each change: `before` is undefined for a new run. */
  schedule(before: RunRow | undefined, run: RunRow): void {
    this.#notices.record(before, run);
    if (!this.#isOwned()) this.#retryLater(run);
    else if (!this.#timers.has("project")) this.#timers.set("project", Date.now() + OWNED_DELAY_MS);
  }

  /** Writes a state that was just committed; that of an owned run has time, or is asked for (`settle`). */
  async follow(run: RunRow): Promise<void> {
    if (!this.#isOwned()) await this.write(run);
  }

  /** Writes what D1 does not show yet. */
  async settle(run: RunRow): Promise<void> {
    if (this.#timers.has("project")) await this.write(run);
  }

  /** Writes a state of the run. */
  async write(run: RunRow): Promise<void> {
    const notices = this.#notices.pending(run);
    try {
      const deliveries = await projectRun(connect(this.#env.DB), run, this.#filed, notices, this.#isOwned());
      if (deliveries.length > 0) this.#ctx.waitUntil(startDeliveries(this.#env, deliveries));
    } catch (error) {
      logBackgroundFailure("projectRun", error);
      this.#retryLater(run);
      return this.#timers.arm();
    }
    this.#notices.forget(notices);
    this.#filed = Math.max(this.#filed, run.artifacts.length);
    if (this.#latest()?.updatedAt !== run.updatedAt || !this.#notices.isEmpty) return;
    this.#timers.clear("project");
    await this.#timers.arm();
  }

  #retryLater(run: RunRow): void {
    this.#timers.set("project", nextAttempt(run, Date.now()));
  }
}
