import type { ExecResult, ResolvedCommandContext } from "just-bash";

/** A line of `ls -la` for the folder itself or the one above, to which just-bash gives the first second of 1970. */
const LINE = /^(d\S+ +\d+ +\S+ +\S+ +\d+ )Jan {2}1 (?: 1970|00:00) (\.\.?)$/gm;

/** Milliseconds for which ls shows the time of day and not the year. */
const HALF_A_YEAR_MS = 15_778_476_000;

/** The dates of `.` and `..` in what `ls` shows of one folder. */
export async function withFolderDates(
  result: ExecResult,
  args: readonly string[],
  ctx: ResolvedCommandContext,
): Promise<ExecResult> {
  const places = args.filter((arg) => !arg.startsWith("-"));
  if (places.length > 1) return result;
  const folder = ctx.fs.resolvePath(ctx.cwd, places[0] ?? ".");
  const dates = new Map<string, string>();
  for (const [, , name = ""] of result.stdout.matchAll(LINE)) {
    dates.set(name, toDate((await ctx.fs.stat(ctx.fs.resolvePath(folder, name))).mtime, Date.now()));
  }
  const stdout = result.stdout.replace(LINE, (_, begin: string, name: string) => `${begin}${dates.get(name)} ${name}`);
  return { ...result, stdout };
}

/** As ls writes it: `Nov 27 15:49`, or `Nov 27  2025` for what is older than half a year. */
function toDate(time: Date, now: number): string {
  const month = time.toLocaleString("en-US", { month: "short", timeZone: "UTC" });
  const day = String(time.getUTCDate()).padStart(2);
  const isRecent = Math.abs(now - time.getTime()) < HALF_A_YEAR_MS;
  return `${month} ${day} ${isRecent ? time.toISOString().slice(11, 16) : String(time.getUTCFullYear()).padStart(5)}`;
}
