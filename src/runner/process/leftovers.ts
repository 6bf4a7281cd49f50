import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { sendSignal } from "./program.ts";

/** Milliseconds that processes have to end by themselves, and between two looks for more of them. */
const GRACE_MS = 2_000;
const LOOK_MS = 100;
/** Looks of one kind: what starts processes faster than they are found and held has nothing to do with a task. */
const MAX_LOOKS = 30;

/** Bytes of a process's environment that are looked at. */
const ENVIRONMENT_MAX_BYTES = 2 * 1024 * 1024;

/** What a process tells of itself: where it works, and the variables that it was started with, each ended by a zero byte. */
interface ProcessTraces {
  cwd: string;
  environment: Buffer;
}

type Belongs = (process: ProcessTraces) => boolean;

/** Processes that were started with a variable, wherever they are now. */
export function hasVariable(name: string, value: string): Belongs {
  return ({ environment }) => environment.includes(`${name}=${value}\0`);
}

/**
 * Ends the processes that belong to a folder: those that were started with its path in a variable, as all are that a run
 * starts, or that work in it. They may have left their group and their parents. Says how many there were.
 */
export function endProcessesOf(folder: string): Promise<number> {
  const belongs: Belongs = ({ cwd, environment }) =>
    cwd === folder || cwd.startsWith(`${folder}/`) || environment.includes(`${folder}/`);
  return endProcesses(belongs, GRACE_MS);
}

/**
 * Asks processes to end, and ends those that have not after `graceMs`; without waiting where that is 0. Where there is no
 * /proc nothing is found. Says how many there were.
 */
export async function endProcesses(belongs: Belongs, graceMs: number): Promise<number> {
  const found = new Set(await findProcesses(belongs));
  if (found.size === 0) return 0;
  if (graceMs > 0) for (const pid of found) sendSignal(pid, "SIGTERM");
  const end = performance.now() + graceMs;
  let left = [...found];
  while (left.length > 0 && performance.now() < end) {
    await wait(LOOK_MS);
    left = await findProcesses(belongs);
  }
  if (left.length > 0) await holdAll(belongs, found);
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    left = await findProcesses(belongs);
    if (left.length === 0) break;
    for (const pid of left) {
      found.add(pid);
      sendSignal(pid, "SIGKILL");
    }
    await wait(LOOK_MS);
  }
  return found.size;
}

/** Stops them, until none is found that has yet to be: who starts others as fast as they are ended would go on for ever. */
async function holdAll(belongs: Belongs, found: Set<number>): Promise<void> {
  const held = new Set<number>();
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const free = (await findProcesses(belongs)).filter((pid) => !held.has(pid));
    if (free.length === 0) return;
    for (const pid of free) {
      found.add(pid);
      held.add(pid);
      sendSignal(pid, "SIGSTOP");
    }
  }
}

async function findProcesses(belongs: Belongs): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^[1-9]\d*$/.test(name) && Number(name) !== process.pid).map(Number);
  const traces = await Promise.all(pids.map(readTraces));
  return pids.filter((_, index) => traces[index] !== undefined && belongs(traces[index]));
}

/** Empty for processes of others, which tell nothing of themselves, and for those that have ended meanwhile. */
async function readTraces(pid: number): Promise<ProcessTraces> {
  const [cwd, environment] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ""),
    readFile(`/proc/${pid}/environ`).catch(() => Buffer.alloc(0)),
  ]);
  return { cwd, environment: environment.subarray(0, ENVIRONMENT_MAX_BYTES) };
}
