/**
 * `npm run check:claims`: holds docs/security.md to what there is. Fails on a claim without a test, and on a file or a
 * command of `package.json` that it names and that is not there.
 */
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { PlainError, ROOT, runCommand } from "./command.ts";

const manifestSchema = z.object({ scripts: z.record(z.string(), z.string()) });

/** What stands in backticks: a path of this repository, or `npm run NAME`. */
const NAMED = /`([^`]+)`/g;
const PATH = /^(src|test|scripts|docs)\//;
const COMMAND = /^npm run ([\w:]+)/;

await runCommand(async () => {
  const { scripts } = manifestSchema.parse(JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")));
  const lines = (await readFile(path.join(ROOT, "docs", "security.md"), "utf8")).split("\n");
  const rows = lines.filter((line) => line.startsWith("| ")).map((line) => line.split(" | "));
  const claims = rows.filter(([first = ""]) => first !== "| Claim");
  const faults: string[] = [];
  for (const [claim = "", ...where] of claims) {
    const tests = namesIn(where.at(-1) ?? "");
    if (!tests.some((name) => name.startsWith("test/") || COMMAND.test(name)))
      faults.push(`No test is named: ${claim}`);
    for (const name of where.flatMap(namesIn)) {
      const [, command] = COMMAND.exec(name) ?? [];
      if (command !== undefined ? !(command in scripts) : PATH.test(name) && !(await isThere(name))) {
        faults.push(`${name} is not there, which is named by: ${claim}`);
      }
    }
  }
  if (faults.length > 0) throw new PlainError(faults.join("\n"));
  console.log(`${claims.length} claims of docs/security.md name tests that are there.`);
});

function namesIn(cell: string): string[] {
  return Array.from(cell.matchAll(NAMED), ([, name = ""]) => name);
}

async function isThere(name: string): Promise<boolean> {
  return await access(path.join(ROOT, name)).then(
    () => true,
    () => false,
  );
}
