import { and, eq, isNull, lt } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { environments } from "../../db/schema.ts";
import type { EnvironmentRow } from "./environment-record.ts";

/** How long after a failure the row is written again, in milliseconds. */
export const PROJECT_RETRY_MS = 5_000;

/** How late the row may show an environment that lives, where it `isShownLate`; in milliseconds. */
export const PROJECT_DELAY_MS = 5_000;

/**
 * How long an environment may be over its time before its row is taken for one whose object was never made, in
 * milliseconds: the object itself ends it on time.
 */
const ABANDONED_MS = 3_600_000;

/** Writes the row that lists and the capacity go by. Safe to repeat and to overtake. */
export async function projectEnvironment(db: Database, row: EnvironmentRow): Promise<void> {
  await db
    .insert(environments)
    .values(row)
    .onConflictDoUpdate({ target: environments.id, set: row, setWhere: lt(environments.revision, row.revision) });
}

/** Ends the rows of environments that were never made: the Worker was lost between the row and the object. */
export async function sweepEnvironments(db: Database, now: Date): Promise<void> {
  const before = new Date(now.getTime() - ABANDONED_MS);
  await db
    .update(environments)
    .set({ state: "failed", error: "The environment was never provisioned.", endedAt: now })
    .where(and(isNull(environments.endedAt), lt(environments.expiresAt, before), eq(environments.revision, 0)));
}
