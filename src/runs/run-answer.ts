import type { AppContext } from "../http/context.ts";
import { logUrlSigner } from "../tasks/log-links.ts";
import { run, RUN_EXAMPLE, type WireRun } from "../tasks/run-schema.ts";
import { type RunRow, toRun } from "../tasks/run-view.ts";

/** An answer that is a run (agent-tasks 2.2). */
export function runAnswer(description: string) {
  return { description, content: { "application/json": { schema: run, example: RUN_EXAMPLE } } } as const;
}

/** A run as the client of this request sees it. */
export function showRun(c: AppContext, row: RunRow): Promise<WireRun> {
  return toRun(row, logUrlSigner(c));
}
