import type { ResolvedCommandContext } from "just-bash";

/** Options with a value, by command, whose value just-bash takes only as an argument of its own. */
const WITH_VALUE: Readonly<Record<string, string>> = { xargs: "IndP", awk: "vfF" };

/**
 * Arguments in the spelling that just-bash knows: `-n1` as `-n 1`, and the programs of `awk -f FILE` as text. What awk says
 * where there is no such file.
 */
export async function spellOptions(
  name: string,
  args: string[],
  ctx: ResolvedCommandContext,
): Promise<string[] | { refusal: string }> {
  const letters = WITH_VALUE[name];
  if (letters === undefined) return args;
  const options: string[] = [];
  const programs: string[] = [];
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (!/^-[^-]/.test(arg)) break;
    const letter = arg.charAt(1);
    if (!letters.includes(letter)) {
      options.push(arg);
      continue;
    }
    const value = arg.length > 2 ? arg.slice(2) : args[(at += 1)];
    if (value === undefined) return args;
    if (name !== "awk" || letter !== "f") {
      options.push(`-${letter}`, value);
      continue;
    }
    const path = ctx.fs.resolvePath(ctx.cwd, value);
    if (!(await ctx.fs.exists(path))) {
      return { refusal: `awk: cannot open source file '${value}' for reading: No such file or directory\n` };
    }
    programs.push(await ctx.fs.readFile(path));
  }
  return programs.length === 0
    ? [...options, ...args.slice(at)]
    : [...options, programs.join("\n"), ...args.slice(args[at] === "--" ? at + 1 : at)];
}
