import { entityTag, type FileRange } from "../../http/stored-file.ts";
import { walkChain } from "../access/run-chain.ts";
import { openRun } from "../access/run-handle.ts";
import { type LogPart, type LogState, streamOf } from "../object/run-log.ts";
import type { RunScope } from "../model/run-outcome.ts";
import { unwrap } from "../access/run-path.ts";

/** The log of one run of a chain. */
interface Link extends LogState {
  runId: string;
}

/** A run's log after the logs of the runs that it resumes (5.3), as one file. */
export interface LogChain {
  links: Link[];
  /** Bytes. */
  size: number;
  /** Another one whenever the log has grown. */
  etag: string;
}

/**
 * The log of a run as it is now, or of one attempt at it alone; undefined when there is no such run or attempt. Runs of
 * other tasks and those gone end the chain.
 */
export async function findLogChain(
  env: Cloudflare.Env,
  scope: RunScope,
  runId: string,
  attempt?: number,
): Promise<LogChain | undefined> {
  const links: Link[] = [];
  if (attempt !== undefined) {
    const found = await openRun(env, runId).describeLog(scope, attempt);
    if (!found.ok) return undefined;
    return { links: [{ runId, ...found.log }], size: found.log.bytes, etag: await entityTag(found.log) };
  }
  for await (const { run, log } of walkChain(runId, (id) => openRun(env, id).describeLog(scope))) {
    links.unshift({ runId: run.id, ...log });
  }
  if (links.length === 0) return undefined;
  return { links, size: links.reduce((sum, { bytes }) => sum + bytes, 0), etag: await entityTag(links) };
}

/** What of each log is within a range of the chain. */
function cutLinks(links: readonly Link[], { offset, length }: FileRange): (LogPart & { runId: string })[] {
  const end = offset + length;
  let start = 0;
  return links.flatMap(({ runId, tag, from, bytes }) => {
    const first = Math.max(offset - start, 0);
    const taken = Math.min(end - start, bytes) - first;
    start += bytes;
    return taken > 0 ? [{ runId, tag, offset: from + first, length: taken }] : [];
  });
}

/** Opens a range of a chain. It is read while the client takes it; nothing of what lies before it is. */
export async function openLogChain(
  env: Cloudflare.Env,
  scope: RunScope,
  { links }: LogChain,
  range: FileRange,
): Promise<ReadableStream<Uint8Array>> {
  const open = async ({ runId, ...part }: LogPart & { runId: string }) =>
    unwrap(await openRun(env, runId).readLog(scope, part)).lines;
  const [first, ...others] = cutLinks(links, range);
  if (!first) return new Blob([]).stream();
  const opened = await open(first);
  if (others.length === 0) return opened;
  return streamOf(
    (async function* readAll() {
      yield* opened;
      for (const part of others) yield* await open(part);
    })(),
  );
}
