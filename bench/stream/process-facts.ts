import { readFile } from "node:fs/promises";

const PAGE_BYTES = 4096;
/** Clock ticks a second in which Linux counts the processor's time. */
const TICKS_PER_SECOND = 100;

/** Resident memory of a process, in bytes; NaN where there is no /proc to ask. */
export async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "");
  return Number(text.split(" ")[1] ?? Number.NaN) * PAGE_BYTES;
}

/** Milliseconds of processor time that a process has used; NaN where there is no /proc to ask. */
export async function processorMilliseconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Fields 14 and 15; the name before them may hold spaces.
  const [user, system] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (((user ?? Number.NaN) + (system ?? Number.NaN)) * 1000) / TICKS_PER_SECOND;
}
