import path from "node:path";
import { z } from "zod";
import { jsonOf } from "./api-client.ts";
import { ROOT } from "./command.ts";
import { demand, type DemoSession } from "./demo-session.ts";
import { startProcessGroup } from "./process-group.ts";

const keySchema = z.object({ key: z.string() });

/** What the runner ends with where commands cannot be run (docs/runner.md). */
const EXIT_MACHINE = 3;

/**
 * Starts a runner with a key of its own and these options, which ends with the demo; resolves once it is connected. False
 * where this machine cannot do what the options ask for.
 */
export async function startDemoRunner(session: DemoSession, options: readonly string[]): Promise<boolean> {
  const json = { name: "runner", allowed_scopes: ["runner"] };
  const answer = await session.send({ method: "POST", path: "/api/v1/user/api-keys", json, expect: 201 });
  const { base_url: url, org } = session.connection;
  const runner = startProcessGroup(
    process.execPath,
    [path.join(ROOT, "src/runner/main.ts"), "--url", url, "--org", org, ...options],
    { cwd: ROOT, env: { ...process.env, TASKYARD_RUNNER_KEY: keySchema.parse(jsonOf(answer)).key } },
  );
  session.atEnd(() => runner.stop());
  const connected = new Promise<void>((resolve) => {
    runner.onLine((line) => {
      session.say(line.replace(/^\S+ /, "runner: "));
      if (line.includes("connected to the pool")) resolve();
    });
  });
  const code = await Promise.race([connected, runner.ended]);
  demand(code === undefined || code === EXIT_MACHINE, `The runner has ended:\n${runner.output()}`);
  return code === undefined;
}
