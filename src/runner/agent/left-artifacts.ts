import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/** Files that one run leaves behind at most. */
const MAX_FILES = 200;
/** Characters of an artifact's name. */
const MAX_NAME_LENGTH = 255;

/** The file of the output folder that becomes the run's output, not an artifact. */
export const OUTPUT_FILE = "output.json";

export interface ArtifactFile {
  /** Relative to the output folder. */
  name: string;
  place: string;
  size: number;
}

/** The plain files that an agent has left, by name, and why some of them stay behind. Links are not followed. */
export async function findArtifacts(
  folder: string,
  maxBytes: number,
): Promise<{ files: ArtifactFile[]; problems: string[] }> {
  const files: ArtifactFile[] = [];
  const problems: string[] = [];
  let beyond = 0;
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) => {
    const place = path.join(entry.parentPath, entry.name);
    return { entry, place, name: path.relative(folder, place).replaceAll(path.sep, "/") };
  });
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const { entry, place, name } of entries) {
    if (entry.isDirectory() || name === OUTPUT_FILE) continue;
    const { size } = entry.isFile() ? await stat(place) : { size: 0 };
    if (!entry.isFile()) problems.push(`${name} is no plain file`);
    else if (size === 0) problems.push(`${name} is empty`);
    else if (size > maxBytes) problems.push(`${name} has ${size} bytes, more than ${maxBytes}`);
    else if (name.length > MAX_NAME_LENGTH) problems.push(`${name} has too long a name`);
    else if (files.length >= MAX_FILES) beyond += 1;
    else files.push({ name, place, size });
  }
  if (beyond > 0) problems.push(`${beyond} files, which are more than ${MAX_FILES}`);
  return { files, problems };
}
