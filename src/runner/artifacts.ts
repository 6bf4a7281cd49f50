import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

/** What `POST …/artifacts` takes at once (docs/runs.md): 30 MiB each; in base64 with some room, 45 MB together. */
const MAX_FILE_BYTES = 30 * 1024 * 1024;
const MAX_BATCH_BYTES = 32_000_000;
/** Files that one run leaves behind at most. */
const MAX_FILES = 200;
/** Characters of an artifact's name. */
const MAX_NAME_LENGTH = 255;

/** The file of the output folder that becomes the run's output, not an artifact. */
export const OUTPUT_FILE = "output.json";

interface ArtifactFile {
  /** Relative to the output folder. */
  name: string;
  place: string;
  size: number;
}

/** The plain files that an agent has left, and why some of them stay behind. Links are not followed. */
export async function findArtifacts(folder: string): Promise<{ files: ArtifactFile[]; problems: string[] }> {
  const files: ArtifactFile[] = [];
  const problems: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const place = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, place).replaceAll(path.sep, "/");
    if (entry.isDirectory() || name === OUTPUT_FILE) continue;
    const { size } = entry.isFile() ? await stat(place) : { size: 0 };
    if (!entry.isFile()) problems.push(`${name} is no plain file`);
    else if (size === 0) problems.push(`${name} is empty`);
    else if (size > MAX_FILE_BYTES) problems.push(`${name} has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    else if (name.length > MAX_NAME_LENGTH) problems.push(`${name} has too long a name`);
    else if (files.length >= MAX_FILES) problems.push(`${name} is one of more than ${MAX_FILES} files`);
    else files.push({ name, place, size });
  }
  return { files: files.sort((left, right) => (left.name < right.name ? -1 : 1)), problems };
}

/** The bodies of the requests that upload the files, one read after the other: at most one batch is in memory. */
export async function* packArtifacts(files: readonly ArtifactFile[]): AsyncGenerator<object> {
  let batch: object[] = [];
  let bytes = 0;
  for (const { name, place, size } of files) {
    if (batch.length > 0 && bytes + size > MAX_BATCH_BYTES) {
      yield { artifacts: batch };
      batch = [];
      bytes = 0;
    }
    const content = (await readFile(place)).toString("base64");
    batch.push({ name, type: "output", content, content_encoding: "base64" });
    bytes += size;
  }
  if (batch.length > 0) yield { artifacts: batch };
}
