import type { AppContext } from "../../http/context.ts";
import { openPool } from "../../pool/pool-handle.ts";
import { logUrlSigner } from "../../tasks/log-links.ts";
import { run, RUN_EXAMPLE, type WireRun } from "../model/run-schema.ts";
import { type RunRow, toRun } from "../model/run-view.ts";

/** An answer that is a run (agent-tasks 2.2). */
export function runAnswer(description: string) {
  return { description, content: { "application/json": { schema: run, example: RUN_EXAMPLE } } } as const;
}

/** A run as the client of this request sees it. */
export function showRun(c: AppContext, row: RunRow): Promise<WireRun> {
  return toRun(row, logUrlSigner(c));
}

/** Runs of one organization with what those that are queued wait for, which their pool is asked once. */
export async function showWaitingRuns(c: AppContext, rows: readonly RunRow[]): Promise<WireRun[]> {
  const queued = rows.filter(({ status }) => status === "queued");
  const [first] = queued;
  const waits = first ? await openPool(c.env, first.organizationId).waits(queued.map(({ id }) => id)) : {};
  return await Promise.all(
    rows.map(async (row) => {
      const wait = waits[row.id];
      return { ...(await showRun(c, row)), ...(wait && { waiting_for: wait }) };
    }),
  );
}
