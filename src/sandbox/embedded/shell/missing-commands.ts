import type { ExecResult, ResolvedCommandContext } from "just-bash";

type Run = (args: string[], ctx: ResolvedCommandContext) => Promise<ExecResult>;

/** Bytes that a command writes at most whose output may have no end. */
const OUTPUT_MAX_BYTES = 7 * 1024 * 1024;
/** The exit code of a program whose reader has gone: 128 and SIGPIPE. */
const READER_GONE = 141;

const answer = (stdout: string): ExecResult => ({ stdout, stderr: "", exitCode: 0 });
const refuse = (stderr: string): ExecResult => ({ stdout: "", stderr: `${stderr}\n`, exitCode: 1 });

/** Commands that just-bash does not have, or not for as much. */
export const MISSING: Readonly<Record<string, Run>> = {
  id: async (args) => answer(`${idOf(args)}\n`),
  mktemp: makeTemporary,
  realpath: realPaths,
  seq: sequence,
  yes: async (args) => repeatedly(`${args.join(" ") || "y"}\n`),
};

/** What never ends: pipes carry whole outputs, so that as much of it is written as a pipe carries. */
function repeatedly(line: string): ExecResult {
  return { stdout: line.repeat(Math.floor(OUTPUT_MAX_BYTES / line.length)), stderr: "", exitCode: READER_GONE };
}

function idOf(args: string[]): string {
  const flags = args.join("");
  if (!/[ug]/.test(flags)) return "uid=0(root) gid=0(root) groups=0(root)";
  return flags.includes("n") ? "root" : "0";
}

async function makeTemporary(args: string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
  const isFolder = args.some((arg) => arg === "-d" || arg === "--directory");
  const template = args.find((arg) => !arg.startsWith("-")) ?? "/tmp/tmp.XXXXXXXXXX";
  if (!/X{3,}$/.test(template)) return refuse(`mktemp: too few X's in template '${template}'`);
  const path = template.replace(/X+$/, (marks) => crypto.randomUUID().replaceAll("-", "").slice(0, marks.length));
  const place = ctx.fs.resolvePath(ctx.cwd, path);
  await (isFolder ? ctx.fs.mkdir(place) : ctx.fs.writeFile(place, ""));
  await ctx.fs.chmod(place, isFolder ? 0o700 : 0o600);
  return answer(`${path}\n`);
}

async function realPaths(args: string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
  const paths = args.filter((arg) => !arg.startsWith("-"));
  if (paths.length === 0) return refuse("realpath: missing operand");
  const result = answer("");
  for (const path of paths) {
    try {
      result.stdout += `${await ctx.fs.realpath(ctx.fs.resolvePath(ctx.cwd, path))}\n`;
    } catch {
      result.stderr += `realpath: ${path}: No such file or directory\n`;
      result.exitCode = 1;
    }
  }
  return result;
}

/** seq(1) of whole numbers; all else is left to just-bash. */
async function sequence(args: string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
  const numbers = args.map(Number);
  const isPlain = args.length > 0 && args.length <= 3 && args.every((arg) => /^-?\d{1,15}$/.test(arg));
  if (!isPlain) return ctx.origCommand ? ctx.origCommand(args) : refuse("seq: missing operand");
  const [first, step, last] =
    numbers.length === 3 ? numbers : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : [1, 1, numbers[0]];
  if (first === undefined || step === undefined || last === undefined || step === 0) {
    return refuse("seq: invalid Zero increment value: '0'");
  }
  const lines: string[] = [];
  let bytes = 0;
  for (let value = first; step > 0 ? value <= last : value >= last; value += step) {
    const line = `${value}\n`;
    bytes += line.length;
    if (bytes > OUTPUT_MAX_BYTES) return refuse("seq: output above 7 MiB; a runner has no such limit");
    lines.push(line);
  }
  return answer(lines.join(""));
}
