import { expect, it } from "vitest";
import { FOURTH_TIME, type TaskFolder, withHealthcheck } from "../../registry/harbor-tasks.ts";
import { begin, BUILD_SECONDS, publish } from "./container-world.ts";
import { type LiveRunner, until } from "./live.ts";
import { type LiveWorld, startEnvironment } from "./live-world.ts";

/** A healthcheck that passes in the end, one that fails, and one that takes too long, of this task where such a runner runs. */
export function testHealthchecks(
  world: LiveWorld,
  start: (args: string[]) => Promise<LiveRunner>,
  task: () => TaskFolder,
): void {
  it("is ready when the healthcheck of its task has passed, and fails with what that said last", async () => {
    await start(["--labels", "health", "--slots", "3"]);
    const publishWith = (values: Record<string, string | number>) => publish(world, withHealthcheck(task(), values));
    const passing = await publishWith({ command: FOURTH_TIME, start_period_sec: 60, retries: 1 });
    const { execute, place } = await startEnvironment(world, "health", passing, {}, BUILD_SECONDS);
    expect((await execute("cat /tmp/asked")).body.stdout).toBe("4\n");
    const { logs } = (await world.server.send("GET", `${place}/logs`)).body;
    expect(logs).toMatch(/asked 1\n[^]*asked 3\n[^]*The healthcheck has passed\.[^]*The environment is ready\./);
    const failing: [Record<string, string | number>, RegExp][] = [
      [
        { command: `${FOURTH_TIME}; echo last words >&2; exit 9`, retries: 2 },
        /2 times in a row: .* exit code 9: asked 2\nlast words$/,
      ],
      [
        { command: "echo begun; sleep 3005", timeout_sec: 1, retries: 1 },
        /at one try: .* took longer than 1 seconds: begun$/,
      ],
    ];
    await Promise.all(
      failing.map(async ([values, error]) => {
        const { read } = await begin(world, "health", await publishWith(values));
        const failed = await until(read, ({ state }) => state === "failed" || state === "ready", BUILD_SECONDS);
        expect(failed).toMatchObject({ state: "failed", error: expect.stringMatching(error) });
      }),
    );
  });
}
