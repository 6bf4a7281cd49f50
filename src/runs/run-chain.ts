import type { RunRow } from "../tasks/run-view.ts";
import { openRun } from "./run-handle.ts";

/** Runs before a run that count as its own past, at most (agent-tasks 5.3). */
const MAX_ANCESTORS = 10;

function resumedRun({ state }: RunRow): string | undefined {
  const id = state["resume_from_run_id"];
  return typeof id === "string" ? id.toLowerCase() : undefined;
}

/** A run, then the runs of the same task that it resumes, newest first; one that is not there ends the chain. */
export async function* readChain(env: Cloudflare.Env, run: RunRow): AsyncGenerator<RunRow> {
  const { organizationId, projectNumber, taskId } = run;
  const seen = new Set([run.id]);
  yield run;
  let next = resumedRun(run);
  while (next !== undefined && !seen.has(next) && seen.size <= MAX_ANCESTORS) {
    seen.add(next);
    const ancestor = await openRun(env, next).read({ organizationId, projectNumber, taskId });
    if (!ancestor.ok) return;
    yield ancestor.run;
    next = resumedRun(ancestor.run);
  }
}
