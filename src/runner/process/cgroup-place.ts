import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** What is limited for all processes of an environment together. */
export const CONTROLLERS = ["memory", "pids", "cpu"] as const;

export type Controller = (typeof CONTROLLERS)[number];

/** Folders in which this runner may make groups, by what is limited there: in version 2 all are one. */
export interface CgroupPlace {
  version: 1 | 2;
  folders: Readonly<Record<Controller, string>>;
}

/** Names of groups that runners make: whose they are stands in them. */
export const GROUP_PREFIX = "taskyard-";

/** The group of version 2 that the runner itself moves to, so that those above it may have limits. */
const OWN_GROUP = "taskyard-runner";

/** Where the kernel says what is mounted and which groups a process is in. */
const PROC = "/proc";

/**
 * Finds where groups with limits can be made: version 2 where it has the controllers, else version 1. Throws with what is
 * missing, for people. `proc` is where processes are told of.
 */
export async function findCgroupPlace(proc = PROC): Promise<CgroupPlace> {
  const groups = await readOwnGroups(proc);
  const mounts = await readMounts(proc);
  const unified = mounts.find(({ type }) => type === "cgroup2");
  const own = unified && groups.get("");
  if (unified && own !== undefined) {
    const folder = placeBelow(unified, own);
    const controllers = await readWords(path.join(folder, "cgroup.controllers"));
    if (CONTROLLERS.every((name) => controllers.includes(name))) return await prepareUnified(folder, proc);
  }
  const found = CONTROLLERS.map((name) => {
    const mount = mounts.find(({ type, options }) => type === "cgroup" && options.includes(name));
    const group = groups.get(name);
    return mount && group !== undefined ? placeBelow(mount, group) : undefined;
  });
  const [memory, pids, cpu] = found;
  if (memory === undefined || pids === undefined || cpu === undefined) {
    throw new Error("this machine has no cgroups for memory, pids and cpu");
  }
  for (const folder of [memory, pids, cpu]) await tryFolder(folder);
  return { version: 1, folders: { memory, pids, cpu } };
}

/** Removes the groups of runners that are no longer. What still has processes stays. */
export async function removeLeftGroups({ folders }: CgroupPlace): Promise<void> {
  for (const folder of new Set(Object.values(folders))) {
    for (const name of await readdir(folder)) {
      const pid = Number(/^taskyard-(\d+)-/.exec(name)?.[1]);
      if (pid > 0 && !isAlive(pid)) await rmdir(path.join(folder, name)).catch(() => undefined);
    }
  }
}

/**
 * In version 2 a group with processes of its own passes no controllers on. The runner moves to one below, with the programs
 * that have started it, unless there are others: those are nobody's to be moved.
 */
async function prepareUnified(folder: string, proc: string): Promise<CgroupPlace> {
  const control = path.join(folder, "cgroup.subtree_control");
  const passedOn = await readWords(control);
  if (!CONTROLLERS.every((name) => passedOn.includes(name))) {
    const inside = (await readWords(path.join(folder, "cgroup.procs"))).map(Number);
    const own = await readAncestry(proc);
    if (inside.some((pid) => !own.includes(pid))) {
      throw new Error(
        "other programs are in this runner's cgroup: start it by `systemd-run --user --scope -p Delegate=yes npm run runner`",
      );
    }
    const leaf = path.join(folder, OWN_GROUP);
    await mkdir(leaf, { recursive: true });
    for (const pid of inside) await writeFile(path.join(leaf, "cgroup.procs"), String(pid));
    await writeFile(control, CONTROLLERS.map((name) => `+${name}`).join(" "));
  }
  await tryFolder(folder);
  return { version: 2, folders: { memory: folder, pids: folder, cpu: folder } };
}

/** Whether groups can be made there at all. */
async function tryFolder(folder: string): Promise<void> {
  const trial = path.join(folder, `${GROUP_PREFIX}${process.pid}-trial`);
  await mkdir(trial);
  await rmdir(trial);
}

interface Mount {
  /** Which part of the hierarchy it shows, and where. */
  root: string;
  place: string;
  type: string;
  options: string[];
}

/** proc_pid_mountinfo(5). */
async function readMounts(proc: string): Promise<Mount[]> {
  const text = await readFile(path.join(proc, "self/mountinfo"), "utf8");
  return text.split("\n").flatMap((line) => {
    const [first = "", second = ""] = line.split(" - ");
    const [, , , root, place] = first.split(" ");
    const [type, , options = ""] = second.split(" ");
    return root === undefined || place === undefined || type === undefined
      ? []
      : [{ root, place, type, options: options.split(",") }];
  });
}

/** cgroups(7): the groups of this process by controller; `""` for version 2. */
async function readOwnGroups(proc: string): Promise<Map<string, string>> {
  const text = await readFile(path.join(proc, "self/cgroup"), "utf8");
  const groups = text.split("\n").flatMap((line) => {
    const [, names, ...rest] = line.split(":");
    return names === undefined ? [] : names.split(",").map((name) => [name, rest.join(":")] as const);
  });
  return new Map(groups);
}

function placeBelow({ root, place }: Mount, group: string): string {
  const relative = path.posix.relative(root, group);
  // In a container the group may be told by a path that is not shown: what is shown is its own then.
  return relative.startsWith("..") ? place : path.posix.join(place, relative);
}

/** This process and those that have started it. */
async function readAncestry(proc: string): Promise<number[]> {
  const ancestry: number[] = [];
  for (let pid = process.pid; pid > 1;) {
    ancestry.push(pid);
    const stat = await readFile(path.join(proc, String(pid), "stat"), "utf8").catch(() => "");
    pid = Number(stat.slice(stat.lastIndexOf(")") + 1).split(" ")[2] ?? 0);
  }
  return ancestry;
}

async function readWords(place: string): Promise<string[]> {
  return (await readFile(place, "utf8")).split(/\s+/).filter((word) => word !== "");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
