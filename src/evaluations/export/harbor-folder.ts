import type { ExportedItem } from "./exported-item.ts";
import { type ExportedEvaluation, jobConfig, JobSummary, trialConfig, trialName, trialResult } from "./harbor-job.ts";
import type { ZipFile } from "./zip-stream.ts";

/** A file that an item has left. `path` is below the trial's folder: `agent/…`, `verifier/…` or `artifacts/…`. */
export interface TrialFile {
  path: string;
  /** Its bytes and how many they are, asked for when it is its turn; null where they are gone. */
  open: () => Promise<{ size: number; body: ReadableStream<Uint8Array> } | null>;
}

/** An item, and the files it has left. */
export interface Trial {
  item: ExportedItem;
  files: AsyncIterable<TrialFile> | Iterable<TrialFile>;
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/**
 * Harbor's job folder, file by file: `config.json`, a folder a trial with `config.json`, `result.json` and what its agent and
 * verifier have left, and last `result.json`, which is known when all trials are through.
 */
export async function* harborFolder(
  evaluation: ExportedEvaluation,
  trials: AsyncIterable<Trial>,
): AsyncGenerator<ZipFile> {
  const summary = new JobSummary();
  yield { path: "config.json", content: json(jobConfig(evaluation)) };
  for await (const { item, files } of trials) {
    summary.add(item);
    const folder = trialName(item);
    yield { path: `${folder}/config.json`, content: json(trialConfig(evaluation, item)) };
    yield { path: `${folder}/result.json`, content: json(trialResult(evaluation, item)) };
    const taken = new Set(["config.json", "result.json"]);
    for await (const file of files) {
      const content = await file.open();
      if (content !== null) yield { path: `${folder}/${freePath(file.path, taken)}`, content };
    }
  }
  yield { path: "result.json", content: json(summary.result(evaluation)) };
}

/** The path as it may stand in an archive: relative, without steps upwards, and no other file's. */
function freePath(path: string, taken: Set<string>): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== "" && part !== "." && part !== "..");
  // eslint-disable-next-line no-control-regex
  const safe = parts.join("/").replaceAll(/[\u0000-\u001f:*?"<>|]/g, "_") || "file";
  let free = safe;
  for (let copy = 2; taken.has(free); copy++) free = `${safe}.${copy}`;
  taken.add(free);
  return free;
}
