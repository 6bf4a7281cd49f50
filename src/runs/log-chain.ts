import { openRun } from "./run-handle.ts";
import type { RunScope } from "./run-outcome.ts";
import type { RunRow } from "../tasks/run-view.ts";

/** Runs before a run whose logs stand before its own, at most (agent-tasks 5.3). */
const MAX_ANCESTORS = 10;

function resumedRun({ state }: RunRow): string | undefined {
  const id = state["resume_from_run_id"];
  return typeof id === "string" ? id.toLowerCase() : undefined;
}

/** The runs of the same task that a run resumes, oldest first; one that is not there ends the chain. */
async function findAncestors(env: Cloudflare.Env, scope: RunScope, run: RunRow): Promise<string[]> {
  const ancestors: string[] = [];
  let next = resumedRun(run);
  while (next !== undefined && next !== run.id && !ancestors.includes(next) && ancestors.length < MAX_ANCESTORS) {
    const ancestor = await openRun(env, next).read(scope);
    if (!ancestor.ok) break;
    ancestors.unshift(next);
    next = resumedRun(ancestor.run);
  }
  return ancestors;
}

/** A stream of what a generator yields, which goes on only as the reader takes it. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

async function* readChain(
  env: Cloudflare.Env,
  scope: RunScope,
  ancestors: readonly string[],
  own: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (const id of ancestors) {
    const log = await openRun(env, id).readLog(scope);
    if (log.ok) yield* log.lines;
  }
  yield* own;
}

/**
 * A run's log as JSON lines, after the logs of the runs that it resumes (5.3); undefined when there is no such run. Read
 * while the client takes it.
 */
export async function openLogChain(
  env: Cloudflare.Env,
  scope: RunScope,
  runId: string,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const log = await openRun(env, runId).readLog(scope);
  if (!log.ok) return undefined;
  const ancestors = await findAncestors(env, scope, log.run);
  return ancestors.length === 0 ? log.lines : streamOf(readChain(env, scope, ancestors, log.lines));
}
