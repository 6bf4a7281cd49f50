/** The processor time that a server's processes have used, where the system tells it (Linux). */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds of a tick of the clock that Linux counts processor time in. */
const TICK_MS = 10;
/** Fields of `/proc/<pid>/stat` behind the program's name, from 0. */
const FIELD = { group: 2, userTicks: 11, systemTicks: 12 };

/** The fields of a process behind its name, which may hold spaces itself; undefined for one that is gone. */
function fieldsOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** The processes of a group, by its leader's id. */
export function processesOf(group: number): string[] {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => fieldsOf(pid)?.[FIELD.group] === String(group));
}

/** Milliseconds of processor time that these processes have used together. */
export function processorTime(pids: readonly string[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = fieldsOf(pid);
    ticks += Number(fields?.[FIELD.userTicks] ?? 0) + Number(fields?.[FIELD.systemTicks] ?? 0);
  }
  return ticks * TICK_MS;
}
