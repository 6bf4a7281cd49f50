import { readFile } from "node:fs/promises";
import path from "node:path";
import ignore from "ignore";

/** Patterns in gitignore's syntax, at the root of what is packed. */
export const IGNORE_FILE = ".taskyardignore";

/** What belongs to nobody's task. */
const ALWAYS = [".git/", ".hg/", ".svn/", ".DS_Store", "__MACOSX/", "Thumbs.db", `/${IGNORE_FILE}`];

/** Whether a path is left out; one of a folder ends with a slash. Later patterns win, so `!.DS_Store` packs even that. */
export type IsIgnored = (path: string) => boolean;

/** Reads the folder's `.taskyardignore`, where it has one. */
export async function readIgnoreFile(folder: string): Promise<IsIgnored> {
  const own = await readFile(path.join(folder, IGNORE_FILE), "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
  const patterns = ignore().add(ALWAYS).add(own);
  return (name) => patterns.ignores(name);
}
