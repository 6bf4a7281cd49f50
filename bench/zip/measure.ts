import type { SampleArchive } from "./archives.ts";
import type { Job, JobResult } from "./cell.ts";
import { Child } from "./child.ts";
import { summarize, type Summary } from "../measure/statistics.ts";

const SMALL_HEAP = "--max-old-space-size=112";
/** After this many milliseconds of rounds a slow peer sits the rest out, but not before its first. */
const PATIENCE = 10_000;
/** Untimed runs before the first round, or as many as fit in so many milliseconds: the rounds are to be warm ones. */
const WARM_UP_RUNS = 20;
const WARM_UP_TIME = 2_000;
/** A job that takes longer counts as dead: the slowest peer needs half of it for 500,000 entries. */
const TIMEOUT = 120_000;

/** What one tool did with one archive; undefined where it died. */
export interface Cell {
  readonly time: Summary;
  readonly reads: number;
  readonly readsToFind: number;
  readonly bytes: number;
}

/**
 * Times every tool on one archive in interleaved rounds, each tool in a process of its own that stays warm. First each
 * answers once for its digest; throws when one answers something else than `digest`.
 */
export async function measureTimes(
  kind: Job["kind"],
  tools: readonly string[],
  archive: SampleArchive,
  name: string,
  digest: string,
  rounds: number,
): Promise<Map<string, Cell | undefined>> {
  const running = tools.map((tool) => ({
    tool,
    child: new Child(),
    results: new Array<JobResult>(),
    spent: 0,
    alive: true,
  }));
  const job = (tool: string, digest: boolean): Job => ({ kind, tool, path: archive.path, name, digest });
  try {
    for (const runner of running) {
      const first = await runner.child.run(job(runner.tool, true), TIMEOUT);
      runner.alive = first !== undefined;
      if (first !== undefined && first.digest !== digest) {
        throw new Error(`${runner.tool} answers wrongly for ${archive.path}`);
      }
      if (first !== undefined) await warmUp(runner.child, job(runner.tool, false), first.milliseconds);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const runner of running) {
        if (!runner.alive || runner.spent > PATIENCE) continue;
        const result = await runner.child.run(job(runner.tool, false), TIMEOUT);
        runner.alive = result !== undefined;
        if (result === undefined) continue;
        runner.results.push(result);
        runner.spent += result.milliseconds;
      }
    }
  } finally {
    for (const { child } of running) child.end();
  }
  return new Map(running.map(({ tool, results, alive }) => [tool, alive ? cellOf(results) : undefined]));
}

async function warmUp(child: Child, job: Job, spent: number): Promise<void> {
  for (let run = 0; run < WARM_UP_RUNS && spent < WARM_UP_TIME; run += 1) {
    spent += (await child.run(job, TIMEOUT))?.milliseconds ?? WARM_UP_TIME;
  }
}

/** Most memory that listing took above what the process had before, in bytes; undefined when it died. */
export async function measureMemory(tool: string, archive: SampleArchive): Promise<number | undefined> {
  const result = await runOnce(tool, archive, []);
  return result === undefined ? undefined : result.memoryPeak - result.memoryBefore;
}

/** Whether a first listing ends in a heap of the size that a Worker's isolate has room for. */
export async function survivesSmallHeap(tool: string, archive: SampleArchive): Promise<boolean> {
  return (await runOnce(tool, archive, [SMALL_HEAP])) !== undefined;
}

async function runOnce(tool: string, archive: SampleArchive, options: string[]): Promise<JobResult | undefined> {
  const child = new Child(options);
  try {
    return await child.run({ kind: "list", tool, path: archive.path, name: "", digest: false }, TIMEOUT);
  } finally {
    child.end();
  }
}

function cellOf(results: readonly JobResult[]): Cell | undefined {
  const [first] = results;
  if (first === undefined) return undefined;
  const { reads, readsToFind, bytes } = first;
  return { time: summarize(results.map(({ milliseconds }) => milliseconds)), reads, readsToFind, bytes };
}
