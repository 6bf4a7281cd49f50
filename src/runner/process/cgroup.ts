import { randomBytes } from "node:crypto";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type CgroupPlace, type Controller, GROUP_PREFIX } from "./cgroup-place.ts";

/** What all processes of an environment may take together. */
export interface GroupLimits {
  memoryBytes: number;
  processes: number;
  /** Processors' worth of time; undefined for all of them. */
  cpus: number | undefined;
}

/** Microseconds over which time of processors is counted. */
const CPU_PERIOD_US = 100_000;

/** A group is busy for a moment after its last process has ended. */
const REMOVE_ATTEMPTS = 40;
const REMOVE_PAUSE_MS = 50;

type Setting = readonly [controller: Controller, file: string, value: string];

/** What is written for the limits; the last ones are for kernels that count swap, and no others have the files. */
function settingsOf(
  version: 1 | 2,
  { memoryBytes, processes, cpus }: GroupLimits,
): { must: Setting[]; may: Setting[] } {
  const memory = String(memoryBytes);
  const pids: Setting = ["pids", "pids.max", String(processes)];
  if (version === 2) {
    const quota = cpus === undefined ? "max" : String(Math.round(cpus * CPU_PERIOD_US));
    return {
      must: [["memory", "memory.max", memory], pids, ["cpu", "cpu.max", `${quota} ${CPU_PERIOD_US}`]],
      may: [["memory", "memory.swap.max", "0"]],
    };
  }
  const quota = cpus === undefined ? "-1" : String(Math.round(cpus * CPU_PERIOD_US));
  return {
    must: [
      ["memory", "memory.limit_in_bytes", memory],
      pids,
      ["cpu", "cpu.cfs_period_us", String(CPU_PERIOD_US)],
      ["cpu", "cpu.cfs_quota_us", quota],
    ],
    may: [["memory", "memory.memsw.limit_in_bytes", memory]],
  };
}

/** A group of processes with limits for all of them together; what they start belongs to it, and none gets out. */
export class Cgroup {
  readonly #folders: ReadonlySet<string>;

  private constructor(folders: ReadonlySet<string>) {
    this.#folders = folders;
  }

  static async create({ version, folders }: CgroupPlace, limits: GroupLimits): Promise<Cgroup> {
    const name = `${GROUP_PREFIX}${process.pid}-${randomBytes(8).toString("hex")}`;
    const group = new Cgroup(new Set(Object.values(folders).map((folder) => path.join(folder, name))));
    try {
      for (const folder of group.#folders) await mkdir(folder);
      const { must, may } = settingsOf(version, limits);
      const write = ([controller, file, value]: Setting) =>
        writeFile(path.join(folders[controller], name, file), value);
      for (const setting of must) await write(setting);
      for (const setting of may) await write(setting).catch(() => undefined);
    } catch (error) {
      await group.remove();
      throw error;
    }
    return group;
  }

  /** Takes a process in, before it starts others. */
  async add(pid: number): Promise<void> {
    for (const folder of this.#folders) await writeFile(path.join(folder, "cgroup.procs"), String(pid));
  }

  /** Call it when its processes have ended. What cannot be removed is left to the next runner. */
  async remove(): Promise<void> {
    for (const folder of this.#folders) {
      for (let attempt = 0; attempt < REMOVE_ATTEMPTS && !(await isRemoved(folder)); attempt += 1) {
        await wait(REMOVE_PAUSE_MS);
      }
    }
  }
}

async function isRemoved(folder: string): Promise<boolean> {
  return await rmdir(folder).then(
    () => true,
    (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT",
  );
}
