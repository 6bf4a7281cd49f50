import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Cgroup } from "../../../src/runner/process/cgroup.ts";
import { type CgroupPlace, findCgroupPlace, removeLeftGroups } from "../../../src/runner/process/cgroup-place.ts";
import { HAS_BUBBLEWRAP, ISOLATION, runIn, withSandbox } from "./commands.ts";

/** Where this machine lets groups be made; says so where it does not, since what needs it is then left out. */
const place = await findCgroupPlace().catch((error: unknown) => {
  process.stderr.write(`No cgroups for the tests of limits: ${String(error)}\n`);
  return undefined;
});

const MIB = 2 ** 20;

const groupsOf = async ({ folders }: CgroupPlace) =>
  (await readdir(folders.pids)).filter((name) => name.startsWith(`taskyard-${process.pid}-`));

/** Takes twice so many MiB, for a constant and a variable, and holds them for a moment. */
const hold = (mib: number) => `perl -e '$x = "x" x (${mib} * 1048576); sleep 2; print "held\\n"'`;

const isolate = (limits: { memoryBytes?: number; processes?: number; cpus?: number }) => ({
  ...ISOLATION,
  limits: { ...ISOLATION.limits, processes: 4_096 },
  ...(place && {
    together: { place, limits: { memoryBytes: 512 * MIB, processes: 256, cpus: undefined, ...limits } },
  }),
});

describe.skipIf(!HAS_BUBBLEWRAP || !place)("limits for all processes of a sandbox together", () => {
  it("count the memory of them all, of several commands too, and the sandbox lives on", async () => {
    await withSandbox(isolate({ memoryBytes: 256 * MIB }), async (sandbox) => {
      expect((await runIn(sandbox, hold(100))).stdout).toBe("held\n");
      const both = await Promise.all([runIn(sandbox, hold(100)), runIn(sandbox, hold(100))]);
      expect(both.filter(({ stdout }) => stdout === "held\n").length).toBeLessThan(2);
      expect((await runIn(sandbox, "echo alive")).stdout).toBe("alive\n");
    });
  });

  it("count the processes of them all", async () => {
    await withSandbox(isolate({ processes: 40 }), async (sandbox) => {
      const many = "for i in {1..60}; do sleep 3 & done 2>&1; jobs -p | wc -l; kill $(jobs -p)";
      const { stdout, ending } = await runIn(sandbox, many);
      expect(`${stdout}${JSON.stringify(ending)}`).toMatch(/fork|Resource temporarily unavailable|lost/);
      expect((await runIn(sandbox, "echo alive")).stdout).toBe("alive\n");
    });
  });

  it("count the time of processors of them all", async () => {
    await withSandbox(isolate({ cpus: 0.2 }), async (sandbox) => {
      const busy = "end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done";
      const { stdout } = await runIn(
        sandbox,
        `TIMEFORMAT='%U %S'; time { (${busy}) & (${busy}) & wait; } 2>/dev/null`,
        {
          joinsErrors: true,
        },
      );
      const [user = 9, system = 9] = stdout.trim().split(" ").map(Number);
      expect(user + system).toBeLessThan(1.5);
    });
  });

  it("go with the sandbox, and those of a runner that is no longer with the next", async () => {
    if (!place) throw new Error("left out above");
    await withSandbox(isolate({}), async (sandbox) => {
      await runIn(sandbox, "setsid sleep 60 > /dev/null 2>&1 &");
      expect(await groupsOf(place)).toHaveLength(1);
    });
    expect(await groupsOf(place)).toEqual([]);
    const left = path.join(place.folders.pids, "taskyard-4194303-0123456789abcdef");
    await mkdir(left);
    await removeLeftGroups(place);
    expect(await readdir(place.folders.pids)).not.toContain(path.basename(left));
  });
});

/** A machine as `/proc` tells of it, with cgroups of version 2 in plain files. */
async function makeUnified({ processes = [process.pid], passedOn = "" } = {}) {
  const root = await mkdtemp(path.join(tmpdir(), "taskyard-cgroups-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const own = path.join(root, "cgroup/user.slice/run.scope");
  await mkdir(own, { recursive: true });
  await mkdir(path.join(root, "proc/self"), { recursive: true });
  await mkdir(path.join(root, `proc/${process.pid}`));
  const mounts = [
    "30 22 0:27 / / rw - ext4 /dev/root rw",
    `31 30 0:28 / ${root}/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate`,
  ];
  await writeFile(path.join(root, "proc/self/mountinfo"), `${mounts.join("\n")}\n`);
  await writeFile(path.join(root, "proc/self/cgroup"), "0::/user.slice/run.scope\n");
  await writeFile(path.join(root, `proc/${process.pid}/stat`), `${process.pid} (a (odd) name) S 1 1 1`);
  await writeFile(path.join(own, "cgroup.controllers"), "cpuset cpu io memory pids\n");
  await writeFile(path.join(own, "cgroup.subtree_control"), passedOn);
  await writeFile(path.join(own, "cgroup.procs"), processes.join("\n"));
  return { own, find: () => findCgroupPlace(path.join(root, "proc")) };
}

describe("cgroups of version 2, as files", () => {
  it("are prepared by moving the runner out of the way, and then hold limits", async () => {
    const { own, find } = await makeUnified();
    const found = await find();
    expect(found).toEqual({ version: 2, folders: { memory: own, pids: own, cpu: own } });
    expect(await readFile(path.join(own, "taskyard-runner/cgroup.procs"), "utf8")).toBe(String(process.pid));
    expect(await readFile(path.join(own, "cgroup.subtree_control"), "utf8")).toBe("+memory +pids +cpu");
    const group = await Cgroup.create(found, { memoryBytes: 1_000_000, processes: 7, cpus: 1.5 });
    await group.add(123);
    const [name = ""] = (await readdir(own)).filter((entry) => /^taskyard-\d+-/.test(entry));
    const written = (file: string) => readFile(path.join(own, name, file), "utf8");
    expect(await written("memory.max")).toBe("1000000");
    expect(await written("memory.swap.max")).toBe("0");
    expect(await written("pids.max")).toBe("7");
    expect(await written("cpu.max")).toBe("150000 100000");
    expect(await written("cgroup.procs")).toBe("123");
  });

  it("are taken as they are where controllers are passed on already", async () => {
    const { own, find } = await makeUnified({ processes: [1, 2, 3], passedOn: "cpu memory pids" });
    expect(await find()).toMatchObject({ version: 2 });
    expect(await readdir(own)).not.toContain("taskyard-runner");
  });

  it("are left alone where other programs are in the runner's group", async () => {
    const { own, find } = await makeUnified({ processes: [process.pid, 1_234_567] });
    await expect(find()).rejects.toThrow("systemd-run --user --scope");
    expect(await readdir(own)).not.toContain("taskyard-runner");
  });
});
