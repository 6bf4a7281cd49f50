import { expect, it } from "vitest";
import { plainTask, withSettings } from "../../registry/harbor-tasks.ts";
import { BUILD_SECONDS, publish, startWithPodman } from "./container-world.ts";
import { type LiveWorld, startEnvironment } from "./live-world.ts";
import { podmanWithCgroups } from "./podman.ts";

const MEMORY_BYTES = 300 * 2 ** 20;
const task = withSettings(plainTask, "[environment]\ncpus = 1.5\nmemory_mb = 300\n");

const take = `perl -e '$x = "x" x $ARGV[0]; open F, ">/tmp/$ARGV[1]"; close F; sleep 60'`;

/** Two processes, each of which is within the limit: those that still hold what they have taken are counted. */
const TAKE_BOTH = `${take} 180000000 first & first=$!; until [ -e /tmp/first ]; do sleep 0.1; done
${take} 180000000 second & second=$!
until [ -e /tmp/second ] || ! kill -0 $second; do sleep 0.1; done 2>/dev/null
count=0; for holder in $first $second; do if kill $holder 2>/dev/null; then count=$((count + 1)); fi; done; echo $count hold`;

/** How many of a hundred processes there is no room for. */
const FORK =
  "perl -e 'for (1..100) { my $made = fork; if (!defined $made) { $no++ } elsif (!$made) { sleep 1; exit } } print $no'";

/** Tests of what containers may take, for a file that has a world with Podman, which has no cgroups here by itself. */
export function testContainerLimits(world: LiveWorld): void {
  const open = async (label: string, env: Record<string, string> = {}) => {
    const runner = await startWithPodman(world, ["--labels", label, "--processes", "60"], env);
    const environment = await startEnvironment(world, label, await publish(world, task), {}, BUILD_SECONDS);
    return { ...environment, runner, limits: (await environment.read()).limits };
  };
  const perProcess = { scope: "process", memory_bytes: MEMORY_BYTES, processes: null, cpus: null };

  it("limits each process where the engine has no cgroups, and says so", async () => {
    const { execute, limits } = await open("each");
    expect(limits).toEqual(perProcess);
    const raise = await execute("ulimit -d; ulimit -d unlimited 2>/dev/null; ulimit -d");
    expect(raise.body.output).toBe("307200\n307200\n");
    expect((await execute(`${take} 400000000 more 2>&1`)).body.output).toMatch(/Out of memory/);
    expect((await execute(TAKE_BOTH)).body.output).toBe("2 hold\n");
  });

  const together = podmanWithCgroups();
  it.skipIf(together === undefined)("limits all processes together where the engine has cgroups", async () => {
    const { execute, limits } = await open("together", { PATH: together ?? "" });
    expect(limits).toEqual({ scope: "environment", memory_bytes: MEMORY_BYTES, processes: 60, cpus: 1.5 });
    const files = "memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us";
    const kept = await execute(`cd /sys/fs/cgroup && cat ${files}`);
    expect(kept.body.output).toBe(`${MEMORY_BYTES}\n60\n150000\n`);
    expect((await execute(TAKE_BOTH)).body).toMatchObject({ exit_code: 0, output: expect.stringMatching(/^1 hold$/m) });
    expect((await execute(`${take} 400000000 more`)).body.exit_code).toBe(137);
    expect(Number((await execute(FORK)).body.output)).toBeGreaterThan(0);
  });

  const quiet = podmanWithCgroups("disabled");
  it.skipIf(quiet === undefined)("does not believe an engine that takes limits and keeps none", async () => {
    const { limits, runner } = await open("quiet", { PATH: quiet ?? "" });
    expect(limits).toEqual(perProcess);
    expect(runner.said).toContain("NO limit on memory, NO limit on cpus, NO limit on processes");
  });
}
