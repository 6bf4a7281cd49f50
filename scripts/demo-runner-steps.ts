import { execFileSync } from "node:child_process";
import path from "node:path";
import { z } from "zod";
import { jsonOf, textOf } from "./api-client.ts";
import { ROOT } from "./command.ts";
import { demand, type DemoSession, type DemoStep } from "./demo-session.ts";
import { startProcessGroup } from "./process-group.ts";

const keySchema = z.object({ key: z.string() });
const taskSchema = z.object({ id: z.string(), latest_run: z.object({ id: z.string() }).nullable() });
const runSchema = z.object({
  status: z.string(),
  output: z.unknown(),
  artifacts: z.array(z.object({ name: z.string(), size: z.int() })),
});
const environmentSchema = z.object({
  id: z.string(),
  state: z.string(),
  error: z.string().nullable(),
  execute_token: z.string().nullable(),
});
const commandSchema = z.object({ exit_code: z.int(), output: z.string() });
const eventSchema = z.object({
  type: z.string(),
  status: z.string().optional(),
  notification: z.object({ method: z.string(), params: z.object({ message: z.string().optional() }) }).optional(),
});

const TASKS = "/api/projects/@current/tasks";
/** Milliseconds between two looks at an environment, and looks until it has to be ready. */
const LOOK_MS = 200;
const MAX_LOOKS = 150;

function hasBubblewrap(): boolean {
  try {
    execFileSync("bwrap", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A machine that lends itself: a run by the example agent and an environment, both on a runner of the demo's own. */
export function runnerSteps(): DemoStep[] {
  const kinds = hasBubblewrap() ? ["run", "environment"] : ["run"];
  const steps: DemoStep[] = [
    { title: "Start a runner, which lends this machine", run: (session) => startRunner(session, kinds) },
    { title: "Have the example agent do a task, and follow it live", run: followAgent },
  ];
  if (kinds.includes("environment")) {
    steps.push({ title: "Provision the example task on the runner, and execute a command there", run: useMachine });
  } else {
    steps.push({
      title: "Environments on the runner are left out: bubblewrap is not installed",
      run: () => Promise.resolve(),
    });
  }
  return steps;
}

async function startRunner(session: DemoSession, kinds: string[]): Promise<void> {
  const json = { name: "runner", allowed_scopes: ["runner"] };
  const answer = await session.send({ method: "POST", path: "/api/v1/user/api-keys", json, expect: 201 });
  const { base_url: url, org } = session.connection;
  const args = ["--url", url, "--org", org, "--kinds", kinds.join(","), "--agent", "./examples/hello-agent/agent.sh"];
  const runner = startProcessGroup(process.execPath, [path.join(ROOT, "src/runner/main.ts"), ...args], {
    cwd: ROOT,
    env: { ...process.env, TASKYARD_RUNNER_KEY: keySchema.parse(jsonOf(answer)).key },
  });
  session.atEnd(() => runner.stop());
  const connected = new Promise<void>((resolve) => {
    runner.onLine((line) => {
      session.say(line.replace(/^\S+ /, "runner: "));
      if (line.includes("connected to the pool")) resolve();
    });
  });
  const code = await Promise.race([connected, runner.ended]);
  demand(code === undefined, `The runner has ended:\n${runner.output()}`);
}

async function followAgent(session: DemoSession): Promise<void> {
  const task = { description: "Say hello to whoever watches" };
  const made = await session.send({ method: "POST", path: `${TASKS}/`, json: task, expect: 201 });
  const { id } = taskSchema.parse(jsonOf(made));
  const started = await session.send({ method: "POST", path: `${TASKS}/${id}/run/`, json: {}, expect: 200 });
  const runId = taskSchema.parse(jsonOf(started)).latest_run?.id ?? "";
  const run = `${TASKS}/${id}/runs/${runId}`;
  await printStream(session, `${run}/stream`);
  const ended = await session.send({ method: "GET", path: `${run}/`, expect: 200 });
  const { status, output, artifacts } = runSchema.parse(jsonOf(ended));
  session.say(`${status}: ${JSON.stringify(output)}, artifacts: ${artifacts.map(({ name }) => name).join(", ")}`);
  demand(status === "completed" && artifacts.length === 1, "The agent should have completed the run and left a file.");
}

/** Prints a run's stream line by line as it comes. */
async function printStream(session: DemoSession, pathname: string): Promise<void> {
  const { base_url: url, api_key: key } = session.connection;
  console.log(`   GET ${pathname}`);
  const headers = { Authorization: `Bearer ${key}` };
  const response = await fetch(url + pathname, { headers, signal: session.signal });
  demand(response.ok && response.body !== null, `The stream answered ${response.status}.`);
  const lines = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
  let text = "";
  for await (const chunk of lines) {
    text += chunk;
    const whole = text.split("\n");
    text = whole.pop() ?? "";
    for (const line of whole) if (line.startsWith("data: ")) session.say(describeEvent(JSON.parse(line.slice(6))));
  }
}

function describeEvent(value: unknown): string {
  const { type, status, notification } = eventSchema.catch({ type: "stream-end" }).parse(value);
  if (type === "task_run_state") return `the run is ${status}`;
  return notification?.params.message ?? notification?.method ?? type;
}

async function useMachine(session: DemoSession): Promise<void> {
  const { org, workspace } = session.connection;
  const environments = `/api/v1/org/${org}/ws/${workspace}/environments`;
  const json = { task_ref: session.example.name, sandbox_provider: "runner" };
  const made = await session.send({ method: "POST", path: environments, json, expect: 201 });
  const environment = environmentSchema.parse(jsonOf(made));
  const place = `${environments}/${environment.id}`;
  for (let look = 0, { state, error } = environment; state !== "ready"; look += 1) {
    demand(state !== "failed" && look < MAX_LOOKS, `The environment is ${state}: ${error}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await session.send({ method: "GET", path: place, expect: 200 });
    ({ state, error } = environmentSchema.parse(jsonOf(now)));
  }
  const executed = await session.send({
    method: "POST",
    path: `${place}/execute`,
    headers: { "X-Environment-Token": environment.execute_token ?? "" },
    json: { command: "uname -s; ls; head -2 README.md" },
    expect: 200,
  });
  const { exit_code, output } = commandSchema.parse(jsonOf(executed));
  session.say(`exit code ${exit_code}\n${output}`);
  demand(exit_code === 0 && output.includes("task.yaml"), "The command should have shown the task's files.");
  const gone = await session.send({ method: "DELETE", path: place, expect: 200 });
  demand(textOf(gone).includes("torn_down"), "The environment should be torn down.");
}
