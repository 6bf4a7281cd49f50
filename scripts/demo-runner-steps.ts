import { z } from "zod";
import { jsonOf, textOf } from "./api-client.ts";
import { useEnvironment } from "./demo-environment-steps.ts";
import { startDemoRunner } from "./demo-runner.ts";
import { demand, type DemoSession, type DemoStep } from "./demo-session.ts";

const taskSchema = z.object({ id: z.string(), latest_run: z.object({ id: z.string() }).nullable() });
const runSchema = z.object({
  status: z.string(),
  output: z.unknown(),
  artifacts: z.array(z.object({ name: z.string(), size: z.int(), storage_path: z.string() })),
});
const eventSchema = z.object({
  type: z.string(),
  status: z.string().optional(),
  notification: z.object({ method: z.string(), params: z.object({ message: z.string().optional() }) }).optional(),
});

const linkSchema = z.object({ url: z.string() });

const TASKS = "/api/projects/@current/tasks";
/** The agent counts its words, and leaves their number in a file. */
const DESCRIPTION = "Say hello to whoever watches";

/** A machine that lends itself: a run by the example agent and an environment, both on a runner of the demo's own. */
export function runnerSteps(): DemoStep[] {
  let run = "";
  let hasEnvironments = false;
  return [
    {
      title: "Start a runner, which lends this machine",
      async run(session) {
        hasEnvironments = await startRunner(session, "run,environment");
        if (!hasEnvironments) await startRunner(session, "run");
      },
    },
    {
      title: "Have the example agent do a task, and follow it live",
      async run(session) {
        run = await followAgent(session);
      },
    },
    {
      title: "Download the file that it has left, by a link that needs no key",
      run: (session) => download(session, run),
    },
    {
      title:
        "Provision the example task on the runner, in a container where it has an engine, and execute a command there",
      async run(session) {
        if (hasEnvironments) await useEnvironment(session, "runner", "uname -s; ls; head -2 README.md");
        else session.say("left out: this machine has neither Docker, Podman nor bubblewrap");
      },
    },
  ];
}

/** False where this machine cannot do work of these kinds. */
function startRunner(session: DemoSession, kinds: string): Promise<boolean> {
  return startDemoRunner(session, ["--kinds", kinds, "--agent", "./examples/hello-agent/agent.sh"]);
}

/** The path of the run that the agent has done. */
async function followAgent(session: DemoSession): Promise<string> {
  const task = { description: DESCRIPTION };
  const made = await session.send({ method: "POST", path: `${TASKS}/`, json: task, expect: 201 });
  const { id } = taskSchema.parse(jsonOf(made));
  const started = await session.send({ method: "POST", path: `${TASKS}/${id}/run/`, json: {}, expect: 200 });
  const runId = taskSchema.parse(jsonOf(started)).latest_run?.id ?? "";
  const run = `${TASKS}/${id}/runs/${runId}`;
  await session.follow(`${run}/stream`, (event) => session.say(describeEvent(event)));
  const ended = await session.send({ method: "GET", path: `${run}/`, expect: 200 });
  const { status, output } = runSchema.parse(jsonOf(ended));
  session.say(`${status}: ${JSON.stringify(output)}`);
  demand(status === "completed", "The agent should have completed the run.");
  return run;
}

async function download(session: DemoSession, run: string): Promise<void> {
  const { artifacts } = runSchema.parse(jsonOf(await session.send({ method: "GET", path: `${run}/`, expect: 200 })));
  const [artifact] = artifacts;
  const json = { storage_path: artifact?.storage_path };
  const signed = await session.send({ method: "POST", path: `${run}/artifacts/presign/`, json, expect: 200 });
  const { pathname, search } = new URL(linkSchema.parse(jsonOf(signed)).url);
  const file = await session.send({ method: "GET", path: pathname + search, key: null, expect: 200 });
  session.say(`${artifact?.name}: ${textOf(file)}`);
  const isWhole = file.body.length === artifact?.size && Number(textOf(file)) === DESCRIPTION.split(" ").length;
  demand(artifacts.length === 1 && isWhole, "The agent should have left the number of words of its task.");
}

function describeEvent(value: unknown): string {
  const { type, status, notification } = eventSchema.catch({ type: "stream-end" }).parse(value);
  if (type === "task_run_state") return `the run is ${status}`;
  return notification?.params.message ?? notification?.method ?? type;
}
