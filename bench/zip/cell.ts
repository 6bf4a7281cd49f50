/** One process of the benchmark: it runs what it is told, one job at a time, and answers with what it measured. */

import { createHash } from "node:crypto";
import { extractors } from "./extractors.ts";
import { CountingFile } from "./file-source.ts";
import { listers } from "./listers.ts";
import type { KnownDirectory } from "../../src/zip/read/locate.ts";
import { locateDirectory } from "../../src/zip/read/locate.ts";

export interface Job {
  readonly kind: "list" | "extract";
  readonly tool: string;
  readonly path: string;
  /** The entry to extract. */
  readonly name: string;
  /** Whether to answer a digest of the output; such a run is not timed fairly. */
  readonly digest: boolean;
}

export interface JobResult {
  readonly milliseconds: number;
  readonly reads: number;
  readonly readsToFind: number;
  readonly bytes: number;
  readonly digest: string;
  /** Resident memory before the job, and the most that the process ever had up to its end, in bytes. */
  readonly memoryBefore: number;
  readonly memoryPeak: number;
}

process.on("message", (job: Job) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(job: Job): Promise<JobResult> {
  const file = await CountingFile.open(job.path);
  const place = job.kind === "extract" ? await locateDirectory(file) : undefined;
  file.reset();
  const hash = createHash("sha256");
  let size = 0;
  const write = (bytes: Uint8Array): void => {
    size += bytes.byteLength;
    if (job.digest) hash.update(bytes);
  };
  globalThis.gc?.();
  const memoryBefore = process.memoryUsage.rss();
  const start = performance.now();
  await perform(job, file, place, write);
  const milliseconds = performance.now() - start;
  if (size === 0) throw new Error(`${job.tool} gave nothing`);
  const { reads, readsToFind, bytes } = file;
  await file.close();
  const memoryPeak = process.resourceUsage().maxRSS * 1024;
  return { milliseconds, reads, readsToFind, bytes, digest: hash.digest("hex"), memoryBefore, memoryPeak };
}

async function perform(
  job: Job,
  file: CountingFile,
  place: KnownDirectory | undefined,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  if (place === undefined) {
    await listers[job.tool]?.(file, write);
  } else {
    const { offset, size, entries } = place;
    const bytes = await extractors[job.tool]?.(file, job.name, { offset, size, entries });
    if (bytes !== undefined) write(bytes);
  }
}
