import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";

/** Characters of a digest in the tag of an image. */
const TAG_LENGTH = 40;

/** What a build context is known by: the names of its files, whether they may be run, and their content. */
export async function digestOfFolder(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const places = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const place of places.toSorted()) {
    const { mode, size } = await stat(place);
    hash.update(`${JSON.stringify(path.relative(folder, place))} ${(mode & 0o111) !== 0} ${size}\n`);
    await pipeline(createReadStream(place), hash, { end: false });
  }
  return hash.digest("hex").slice(0, TAG_LENGTH);
}

/** A digest of facts, for the tag of an image or the key of work. */
export function digestOf(...facts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, TAG_LENGTH);
}
