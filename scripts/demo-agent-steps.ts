import { z } from "zod";
import { jsonOf, textOf } from "./api-client.ts";
import { demand, type DemoStep } from "./demo-session.ts";

const taskSchema = z.object({ id: z.string(), slug: z.string(), title: z.string() });
const runSchema = z.object({ id: z.string(), status: z.string(), log_url: z.string(), output: z.unknown() });
const taskPageSchema = z.object({ results: z.array(taskSchema.extend({ latest_run: runSchema })) });

const TASKS = "/api/projects/@current/tasks";

/** What an agent logs, in the words of agent clients. */
const ENTRIES = ["Cloning acme/website", "The redirect loses its query: src/login.ts"].map((message, index) => ({
  type: "notification",
  timestamp: `2026-11-01T09:31:0${index}.000Z`,
  notification: { jsonrpc: "2.0", method: "_posthog/console", params: { level: "info", message } },
}));

/** An agent's session, from its task to its log: each step goes on where the one before has ended. */
export function agentSteps(): DemoStep[] {
  let task = "";
  let run = "";
  return [
    {
      title: "Give an agent a task",
      async run(session) {
        const json = { description: "Fix the login redirect", repository: "acme/website" };
        const answer = await session.send({ method: "POST", path: `${TASKS}/`, json, expect: 201 });
        const { id, slug, title } = taskSchema.parse(jsonOf(answer));
        session.say(`${slug}: ${title}`);
        task = `${TASKS}/${id}`;
      },
    },
    {
      title: "Begin a run of it",
      async run(session) {
        const json = { environment: "local", status: "in_progress" };
        const answer = await session.send({ method: "POST", path: `${task}/runs/`, json, expect: 201 });
        const { id, status } = runSchema.parse(jsonOf(answer));
        session.say(`The run is ${status}.`);
        run = `${task}/runs/${id}`;
      },
    },
    {
      title: "Append what the agent does to the run's log",
      async run(session) {
        await session.send({ method: "POST", path: `${run}/append_log/`, json: { entries: ENTRIES }, expect: 200 });
      },
    },
    {
      title: "End the run with its output, and find it in the list of tasks",
      async run(session) {
        const json = { status: "completed", output: { pr_url: "https://github.com/acme/website/pull/7" } };
        await session.send({ method: "PATCH", path: `${run}/`, json, expect: 200 });
        const answer = await session.send({ method: "GET", path: `${TASKS}/?status=completed`, expect: 200 });
        const { results } = taskPageSchema.parse(jsonOf(answer));
        for (const { slug, latest_run } of results) {
          session.say(`${slug} is ${latest_run.status}: ${JSON.stringify(latest_run.output)}`);
        }
        demand(results.length === 1, "Only the task of this demo should be there.");
      },
    },
    {
      title: "Follow the run's stream, from its beginning to its end",
      async run(session) {
        const stream = textOf(await session.send({ method: "GET", path: `${run}/stream`, expect: 200 }));
        const entries = stream.matchAll(/^id: (\d+)\ndata: .*?"type":"(?:notification|(task_run_state))"/gm);
        for (const [, offset, state] of entries) session.say(`${offset}  ${state ?? "log entry"}`);
        demand(stream.includes("event: stream-end"), "The stream has not ended with the run.");
        for (const entry of ENTRIES) {
          demand(stream.includes(JSON.stringify(entry)), "The stream lacks an entry of the log.");
        }
      },
    },
    {
      title: "Read the log back by its signed link, which needs no key",
      async run(session) {
        const answer = await session.send({ method: "GET", path: `${run}/`, expect: 200 });
        const { pathname, search } = new URL(runSchema.parse(jsonOf(answer)).log_url);
        const log = textOf(await session.send({ method: "GET", path: pathname + search, key: null, expect: 200 }));
        session.say(log);
        const appended = ENTRIES.map((entry) => `${JSON.stringify(entry)}\n`).join("");
        demand(log === appended, "The log is not what was appended.");
      },
    },
  ];
}
