import type { RunRow } from "../model/run-view.ts";
import { openRun } from "./run-handle.ts";
import type { NotFound } from "../model/run-outcome.ts";

/** Runs before a run that count as its own past, at most (agent-tasks 5.3). */
const MAX_ANCESTORS = 10;

function resumedRun({ state }: RunRow): string | undefined {
  const id = state["resume_from_run_id"];
  return typeof id === "string" ? id.toLowerCase() : undefined;
}

/** What `ask` answers for a run, then for the runs that it resumes, newest first; one that is not there ends the chain. */
export async function* walkChain<T extends { ok: true; run: RunRow }>(
  runId: string,
  ask: (runId: string) => Promise<T | NotFound>,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  let next: string | undefined = runId;
  while (next !== undefined && !seen.has(next) && seen.size <= MAX_ANCESTORS) {
    seen.add(next);
    const found: T | NotFound = await ask(next);
    if (!found.ok) return;
    yield found;
    next = resumedRun(found.run);
  }
}

/** A run, then the runs of the same task that it resumes, newest first. */
export async function* readChain(env: Cloudflare.Env, run: RunRow): AsyncGenerator<RunRow> {
  const { id: runId, organizationId, projectNumber, taskId } = run;
  const scope = { organizationId, projectNumber, taskId };
  const known = { ok: true as const, run };
  const ask = async (id: string) => (id === runId ? known : openRun(env, id).read(scope));
  for await (const found of walkChain(runId, ask)) yield found.run;
}
