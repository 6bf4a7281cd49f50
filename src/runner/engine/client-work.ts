import { readdir, readFile, readlink } from "node:fs/promises";
import { sendSignal } from "../process/program.ts";

/**
 * Ends what the engine's client has started to do its work, such as the command of a RUN, and not the client itself: it then
 * fails by itself, and clears away what it has begun. Says whether there was any. Where there is no /proc nothing is found.
 */
export async function endWorkOf(client: number): Promise<boolean> {
  const program = await programOf(client);
  const work: number[] = [];
  for (const pid of await descendantsOf(client)) {
    const other = await programOf(pid);
    // The client starts itself anew for some of its work.
    if (other !== undefined && other !== program) work.push(pid);
  }
  for (const pid of work) sendSignal(pid, "SIGKILL");
  return work.length > 0;
}

async function programOf(pid: number): Promise<string | undefined> {
  return await readlink(`/proc/${pid}/exe`).catch(() => undefined);
}

async function descendantsOf(root: number): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const)));
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === root || isBelow(parents.get(pid)));
  return pids.filter((pid) => pid !== root && isBelow(parents.get(pid)));
}

async function parentOf(pid: number): Promise<number | undefined> {
  const facts = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // After the name, which is in brackets and may hold anything, come the state and the parent.
  const parent = Number(facts?.slice(facts.lastIndexOf(")") + 2).split(" ")[1]);
  return parent > 0 ? parent : undefined;
}
