import path from "node:path";
import { z } from "zod";
import { jsonOf } from "./api-client.ts";
import { ROOT } from "./command.ts";
import { demand, type DemoSession } from "./demo-session.ts";
import { type ProcessGroup, startProcessGroup } from "./process-group.ts";
import type { Connection } from "./state-folder.ts";

const keySchema = z.object({ key: z.string() });

/** What the runner ends with where commands cannot be run (docs/runner.md). */
const EXIT_MACHINE = 3;

/** Starts a runner of the organization with this key. */
export function launchRunner(
  { base_url: url, org }: Connection,
  key: string,
  options: readonly string[],
): ProcessGroup {
  return startProcessGroup(
    process.execPath,
    [path.join(ROOT, "src/runner/main.ts"), "--url", url, "--org", org, ...options],
    { cwd: ROOT, env: { ...process.env, TASKYARD_RUNNER_KEY: key } },
  );
}

/**
 * Starts a runner with a key of its own and these options, which ends with the demo; resolves once it is connected. False
 * where this machine cannot do what the options ask for.
 */
export async function startDemoRunner(session: DemoSession, options: readonly string[]): Promise<boolean> {
  const json = { name: "runner", allowed_scopes: ["runner"] };
  const answer = await session.send({ method: "POST", path: "/api/v1/user/api-keys", json, expect: 201 });
  const runner = launchRunner(session.connection, keySchema.parse(jsonOf(answer)).key, options);
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
