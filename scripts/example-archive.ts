import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Zippable, zipSync } from "fflate";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT } from "./command.ts";

const EXAMPLE = path.join(ROOT, "examples", "hello-flag");

/** A Unix host in the zip entry's "made by", so that the mode counts. */
const MADE_BY_UNIX = 3;
/** A plain file in a Unix mode. */
const PLAIN_FILE = 0o100000;
/** One date for every entry: the same files give the same bytes. */
const DATE = new Date(2026, 0, 1);

const nameAndVersion = z.object({ name: z.string(), version: z.string() });

/** A packaged task. */
export interface TaskArchive {
  name: string;
  version: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Packs the example task of this repository, executable bits kept; `added` are further files by their path. */
export async function packExample(added: Record<string, Uint8Array> = {}): Promise<TaskArchive> {
  const entries = await readdir(EXAMPLE, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const zippable: Zippable = {};
  for (const file of files.sort()) {
    const executable = ((await stat(file)).mode & 0o100) !== 0;
    const attrs = (PLAIN_FILE | (executable ? 0o755 : 0o644)) * 0x10000;
    const name = path.relative(EXAMPLE, file).replaceAll(path.sep, "/");
    zippable[name] = [await readFile(file), { os: MADE_BY_UNIX, attrs, mtime: DATE }];
  }
  for (const [name, bytes] of Object.entries(added)) zippable[name] = [bytes, { mtime: DATE }];
  const manifest = nameAndVersion.parse(parse(await readFile(path.join(EXAMPLE, "task.yaml"), "utf8")));
  return { ...manifest, bytes: zipSync(zippable) };
}
