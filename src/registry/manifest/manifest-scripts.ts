import type { StoredProblem } from "../../db/schema.ts";
import type { ArchiveFiles } from "../archive/archive-files.ts";
import { resolveInside } from "../../compose/archive-path.ts";
import { fieldProblem, type ManifestFields } from "./manifest-schema.ts";

/** Bytes of a verification script: it is handed to the shell as one word. */
export const VERIFICATION_SCRIPT_MAX_BYTES = 100_000;
/** Seconds that a verification may take (A3). */
export const VERIFICATION_MAX_SECONDS = 600;

/** Other shell scripts of the archive that are looked into, and bytes of each script that are read. */
const MAX_OTHER_SCRIPTS = 10;
const START_BYTES = 64 * 1024;

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

type Block = "verification" | "provision" | "teardown" | "solution";

/** Scripts are files of the archive; only a solution may be written out in task.yaml itself. */
function namedScripts(files: ArchiveFiles, fields: ManifestFields): [Block, string][] {
  const scripts: [Block, string | undefined][] = [
    ["verification", fields.verification.script],
    ["provision", fields.provision?.script],
    ["teardown", fields.teardown?.script],
    ["solution", isWrittenOut(files, fields.solution?.script) ? undefined : fields.solution?.script],
  ];
  return scripts.filter((named): named is [Block, string] => named[1] !== undefined);
}

/** Refuses scripts that are not in the archive; where one differs in letter case alone, that one is named. */
export function checkScripts(files: ArchiveFiles, fields: ManifestFields): StoredProblem[] {
  return namedScripts(files, fields)
    .filter(([, script]) => findScript(files, script) === undefined)
    .map(([block, script]) => {
      const folded = resolveInside("", script)?.toLowerCase();
      const [near] = files.list((path) => path.toLowerCase() === folded, 1);
      const hint = near === undefined ? "" : ` It has '${near}': letter case matters.`;
      return fieldProblem([block, "script"], "script_missing", `is '${script}', which is not in the archive.${hint}`);
    });
}

/** The path of a script in the archive; undefined when it is not there. */
export function findScript(files: ArchiveFiles, script: string): string | undefined {
  const path = resolveInside("", script);
  return path !== undefined && files.has(path) ? path : undefined;
}

/** Whether a solution's script is commands rather than the name of a file: it has spaces or lines, and no such file is there. */
export function isWrittenOut(files: ArchiveFiles, script: string | undefined): boolean {
  return script !== undefined && /\s/.test(script) && findScript(files, script) === undefined;
}

/** What of the scripts will fail once they run: they are read as far as their first 64 KiB. */
export async function findScriptWarnings(files: ArchiveFiles, fields: ManifestFields): Promise<StoredProblem[]> {
  const named = namedScripts(files, fields).flatMap(([block, script]) => {
    const path = findScript(files, script);
    return path === undefined ? [] : [{ block, path }];
  });
  const known = new Set(named.map(({ path }) => path));
  const others = files
    .list((path) => path.endsWith(".sh") && !known.has(path), MAX_OTHER_SCRIPTS)
    .map((path) => ({ block: undefined, path }));
  const found = await Promise.all([...named, ...others].map(({ block, path }) => inspectScript(files, path, block)));
  return [...found.flat(), ...findTimeoutWarnings(fields)];
}

function findTimeoutWarnings({ verification: { timeout } }: ManifestFields): StoredProblem[] {
  if (timeout <= VERIFICATION_MAX_SECONDS) return [];
  const msg = `is ${timeout}; an environment ends a verification after ${VERIFICATION_MAX_SECONDS} seconds.`;
  return [fieldProblem(["verification", "timeout"], "timeout_cut", msg)];
}

/** What is wrong with a script as one that bash is to run; `block` says what runs it, undefined for a file that may never be run. */
export async function inspectScript(
  files: ArchiveFiles,
  path: string,
  block: Block | undefined,
): Promise<StoredProblem[]> {
  const start = await files.readStart(path, START_BYTES);
  if (start === undefined) return [];
  const { bytes, size } = start;
  const warnings: StoredProblem[] = [];
  const warn = (type: string, msg: string) =>
    warnings.push({ loc: ["archive", path], msg: `${JSON.stringify(path)} ${msg}`, type });
  if (bytes.includes(0)) warn("script_binary", "is no text, and the shell that is to run it reads text.");
  else if (hasCarriageReturns(bytes)) {
    warn(
      "script_crlf",
      "has lines that end in CRLF, which Linux shells take for part of the command. Save it with LF.",
    );
  }
  const interpreter = block === undefined ? undefined : findInterpreter(bytes);
  if (interpreter !== undefined) {
    warn("script_interpreter", `begins with #!${interpreter}, but bash runs it whatever its first line says.`);
  }
  if (block === "verification" && size > VERIFICATION_SCRIPT_MAX_BYTES) {
    warn("script_too_long", `has ${size} bytes; verify runs scripts of at most ${VERIFICATION_SCRIPT_MAX_BYTES}.`);
  }
  return warnings;
}

function hasCarriageReturns(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(CARRIAGE_RETURN); at !== -1; at = bytes.indexOf(CARRIAGE_RETURN, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) return true;
  }
  return false;
}

/** What the first line asks to be run by, unless that is a shell whose scripts bash runs. */
function findInterpreter(bytes: Uint8Array): string | undefined {
  const [line = ""] = new TextDecoder().decode(bytes.subarray(0, 256)).split(/\r?\n/, 1);
  const interpreter = /^#!\s*(.+?)\s*$/.exec(line)?.[1];
  return interpreter === undefined || /(?:^|[/\s])(?:ba|da|a|)sh(?:\s|$)/.test(interpreter) ? undefined : interpreter;
}
