import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { sendSignal } from "./program.ts";

/** Milliseconds that processes have to end by themselves, and between two looks for more of them. */
const GRACE_MS = 2_000;
const LOOK_MS = 100;
/** Looks after SIGKILL: what starts processes faster than they are found and ended has nothing to do with a task. */
const MAX_LOOKS = 30;

/** Bytes of a process's environment that are looked at. */
const ENVIRONMENT_MAX_BYTES = 2 * 1024 * 1024;

/**
 * Ends the processes that belong to a folder: those that were started with its path in a variable, as all are that a run
 * starts, or that work in it. They may have left their group and their parents. Where there is no /proc nothing is found.
 * Says how many there were.
 */
export async function endProcessesOf(folder: string): Promise<number> {
  const found = new Set(await findProcessesOf(folder));
  if (found.size === 0) return 0;
  for (const pid of found) sendSignal(pid, "SIGTERM");
  const end = performance.now() + GRACE_MS;
  let left = [...found];
  while (left.length > 0 && performance.now() < end) {
    await wait(LOOK_MS);
    left = await findProcessesOf(folder);
  }
  for (let look = 0; left.length > 0 && look < MAX_LOOKS; look += 1) {
    for (const pid of left) {
      found.add(pid);
      sendSignal(pid, "SIGKILL");
    }
    await wait(LOOK_MS);
    left = await findProcessesOf(folder);
  }
  return found.size;
}

async function findProcessesOf(folder: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^[1-9]\d*$/.test(name) && Number(name) !== process.pid).map(Number);
  const belong = await Promise.all(pids.map((pid) => belongsTo(pid, folder)));
  return pids.filter((_, index) => belong[index]);
}

/** False also for processes of others, which tell nothing of themselves, and for those that have ended meanwhile. */
async function belongsTo(pid: number, folder: string): Promise<boolean> {
  const [cwd, environment] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ""),
    readFile(`/proc/${pid}/environ`).catch(() => Buffer.alloc(0)),
  ]);
  return (
    cwd === folder ||
    cwd.startsWith(`${folder}/`) ||
    environment.subarray(0, ENVIRONMENT_MAX_BYTES).includes(`${folder}/`)
  );
}
