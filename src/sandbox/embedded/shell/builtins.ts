import { type Command, defineCommand, type ExecResult, getCommandNames, type ResolvedCommandContext } from "just-bash";
import { asBytes, decodeText, encodeText, fromByteString, isAscii, pipeText } from "./bytes.ts";
import { withFolderDates } from "./folder-dates.ts";
import { compareLines } from "./compare-lines.ts";
import { spellOptions } from "./option-spellings.ts";
import { MISSING } from "./missing-commands.ts";
import type { Pacing } from "./pacing.ts";
import type { ShellFiles } from "./shell-files.ts";
import type { Traps } from "./traps.ts";
import { PACE_COMMAND } from "./words.ts";

const MIB = 1024 * 1024;

/** Commands that take next to nothing: no break before each of them. */
const LIGHT = new Set([
  "echo",
  "printf",
  "true",
  "false",
  "pwd",
  "basename",
  "dirname",
  "expr",
  "whoami",
  PACE_COMMAND,
]);

/**
 * Bytes of input, standard input and files together, above which a command refuses, since it cannot be interrupted: chosen
 * to stay below a second of the thread (`npm run check:stalls -- embedded`; docs/environments.md has the table).
 */
export const INPUT_MAX_BYTES: Readonly<Record<string, number>> = {
  diff: MIB,
  jq: MIB,
  yq: MIB / 4,
  awk: 2 * MIB,
  sed: 2 * MIB,
  grep: 4 * MIB,
  egrep: 4 * MIB,
  fgrep: 4 * MIB,
  rg: 2 * MIB,
  sort: MIB,
  join: MIB,
  comm: 2 * MIB,
  column: MIB,
  "html-to-markdown": MIB / 4,
};

/** Lines of input above which a command refuses that takes its time for each line, or each pair of lines. */
const INPUT_MAX_LINES: Readonly<Record<string, number>> = { diff: 2_000, sed: 15_000 };

/** The shell's commands, paced and bounded, and those that it does not have itself. */
export function embeddedCommands(files: ShellFiles, pacing: Pacing, traps: Traps): Command[] {
  const trap = defineCommand("trap", async (args) => traps.run(args));
  const step = defineCommand(PACE_COMMAND, async (_, ctx) => {
    await pacing.step(ctx, false);
    return { stdout: "", stderr: "", exitCode: Number(ctx.env.get("?") ?? 0) };
  });
  const own = Object.entries(MISSING).map(([name, run]) =>
    defineCommand(name, async (args, ctx) => {
      await pacing.step(ctx, true);
      return asBytes(await run(args, ctx), false);
    }),
  );
  const sleep = defineCommand("sleep", async (args, ctx) => {
    const units: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
    const parts = args.map((arg) => /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(arg));
    if (parts.length === 0 || parts.includes(null)) return original(args, ctx);
    const seconds = parts.reduce((sum, part) => sum + Number(part?.[1]) * (units[part?.[2] ?? "s"] ?? 1), 0);
    await pacing.wait(seconds * 1000, ctx);
    return { stdout: "", stderr: "", exitCode: 0 };
  });
  const bounded = getCommandNames()
    .filter((name) => name !== "sleep" && name !== "trap" && !(name in MISSING))
    .map((name) => defineCommand(name, (args, ctx) => runBounded(name, args, ctx, files, pacing)));
  return [step, sleep, trap, ...own, ...bounded];
}

async function runBounded(
  name: string,
  args: string[],
  ctx: ResolvedCommandContext,
  files: ShellFiles,
  pacing: Pacing,
): Promise<ExecResult> {
  await pacing.step(ctx, !LIGHT.has(name));
  const input = pipeText(ctx.stdin);
  const refusal = await refuseInput(name, args, ctx, input.length);
  if (refusal) return { stdout: "", stderr: refusal, exitCode: 2 };
  if (name === "printf" && args[0] !== "-v") {
    return files.noteOutput(asBytes(await original(args.map(encodeFormat), ctx), true));
  }
  files.sawBinary = !isAscii(input) && decodeText(fromByteString(input)).isBinary;
  const limit = INPUT_MAX_BYTES[name];
  // What it reads by other ways than its arguments: `grep -r`, `awk -f`, `sort --files0-from`.
  const outer = files.mayRead(limit === undefined ? undefined : limit - input.length);
  const result = asBytes(await runCommand(name, args, ctx), files.sawBinary);
  const { isOverdrawn } = files;
  files.mayRead(outer);
  pacing.end(ctx);
  if (!isOverdrawn) return files.noteOutput(result);
  return { stdout: "", stderr: tooMuch(name, limit), exitCode: 2 };
}

function tooMuch(name: string, limit = 0): string {
  return `${name}: input above ${limit / 1024} KiB; a runner has no such limit\n`;
}

/** The command itself, with what just-bash does not know of it. */
async function runCommand(name: string, args: string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
  if (name === "ls") return withFolderDates(await original(args, ctx), args, ctx);
  const spelt = await spellOptions(name, args, ctx);
  if ("refusal" in spelt) return { stdout: "", stderr: spelt.refusal, exitCode: 2 };
  const [from, to] = args;
  const isPlain = name === "diff" && args.length === 2 && args.every((arg) => !arg.startsWith("-"));
  if (!isPlain || from === undefined || to === undefined) return original(spelt, ctx);
  for (const path of [from, to]) {
    const place = ctx.fs.resolvePath(ctx.cwd, path);
    if (!(await ctx.fs.exists(place)) || !(await ctx.fs.stat(place)).isFile) return original(args, ctx);
  }
  const [before, after] = [
    await ctx.fs.readFile(ctx.fs.resolvePath(ctx.cwd, from)),
    await ctx.fs.readFile(ctx.fs.resolvePath(ctx.cwd, to)),
  ];
  const stdout = before === after ? "" : compareLines(before, after);
  return { stdout, stderr: "", exitCode: stdout === "" ? 0 : 1 };
}

/** What a command is told whose input is too much for the thread that it shares. */
async function refuseInput(name: string, args: string[], ctx: ResolvedCommandContext, stdin: number): Promise<string> {
  const limit = INPUT_MAX_BYTES[name];
  if (limit === undefined) return "";
  let bytes = stdin;
  for (const arg of args) {
    const path = ctx.fs.resolvePath(ctx.cwd, arg);
    const stat = arg.startsWith("-") || !(await ctx.fs.exists(path)) ? undefined : await ctx.fs.stat(path);
    if (stat?.isFile) bytes += stat.size;
  }
  return bytes <= limit ? refuseLines(name, args, ctx) : tooMuch(name, limit);
}

async function refuseLines(name: string, args: string[], ctx: ResolvedCommandContext): Promise<string> {
  const limit = INPUT_MAX_LINES[name];
  if (limit === undefined) return "";
  const texts: string[] = [pipeText(ctx.stdin)];
  for (const arg of args) {
    const path = ctx.fs.resolvePath(ctx.cwd, arg);
    const isFile = !arg.startsWith("-") && (await ctx.fs.exists(path)) && (await ctx.fs.stat(path)).isFile;
    if (isFile) texts.push(await ctx.fs.readFile(path, "latin1"));
  }
  if (name === "diff" && texts.length === 3 && texts[1] === texts[2]) return "";
  const lines = texts.reduce((sum, text) => sum + text.split("\n").length - 1, 0);
  return lines <= limit ? "" : `${name}: input above ${limit} lines in all; a runner has no such limit\n`;
}

/** An argument of printf in bytes, as its escapes for bytes are. */
function encodeFormat(arg: string): string {
  const plain = arg.replace(/\\u([\da-f]{1,4})|\\U([\da-f]{1,8})/gi, (match, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? "", 16);
    return code > 0x7f && code <= 0x10ffff ? String.fromCodePoint(code) : match;
  });
  return encodeText(plain);
}

async function original(args: string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
  if (!ctx.origCommand) return { stdout: "", stderr: "not in the embedded sandbox; a runner has it\n", exitCode: 127 };
  return ctx.origCommand(args);
}
