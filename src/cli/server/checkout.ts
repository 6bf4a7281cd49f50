import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { EXIT, Failure } from "../base/failure.ts";

/** The checkout of Taskyard that this program, or the folder where it is called, belongs to; undefined without one. */
export function findCheckout(): string | undefined {
  return above(import.meta.dirname) ?? above(process.cwd());
}

/** The same, where nothing can be done without. */
export function requireCheckout(): string {
  const found = findCheckout();
  if (found !== undefined) return found;
  throw new Failure(
    EXIT.usage,
    "A server is run from a checkout of Taskyard, and there is none here.",
    "Clone the repository, run `npm ci` in it, and call this again in that folder.",
  );
}

function above(start: string): string | undefined {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, "package.json");
    if (existsSync(path.join(folder, "scripts", "dev.ts")) && existsSync(manifest)) {
      const { name }: Record<string, unknown> = JSON.parse(readFileSync(manifest, "utf8"));
      if (name === "taskyard") return folder;
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}
