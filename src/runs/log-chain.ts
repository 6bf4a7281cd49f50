import { readChain } from "./run-chain.ts";
import { openRun } from "./run-handle.ts";
import type { RunScope } from "./run-outcome.ts";

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

async function* readLogs(
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
  const chain = await Array.fromAsync(readChain(env, log.run), ({ id }) => id);
  const ancestors = chain.slice(1).toReversed();
  return ancestors.length === 0 ? log.lines : streamOf(readLogs(env, scope, ancestors, log.lines));
}
