import path from "node:path";
import { z } from "zod";
import { jsonOf } from "./api-client.ts";
import { ROOT } from "./command.ts";
import { startDemoRunner } from "./demo-runner.ts";
import { demand, type DemoSession, type DemoStep } from "./demo-session.ts";

const rate = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.int(),
});
const jobSchema = z.object({ id: z.string(), status: z.string() });
const detailSchema = jobSchema.extend({
  name: z.string(),
  passed_count: z.int(),
  total_samples: z.int(),
  duration_ms: z.int().nullable(),
  analytics: z.object({
    pass_rate: rate,
    pass_hat_k: z.array(z.object({ k: z.int(), value: z.number().nullable() })),
    durations: z.object({ agent_ms: z.object({ p50: z.number().nullable() }) }),
    tasks: z.array(z.object({ task_ref: z.string(), pass_rate: rate })),
  }),
});
type Detail = z.output<typeof detailSchema>;

const eventSchema = z.object({
  type: z.string(),
  item: z.object({ task_ref: z.string(), attempt: z.int(), item_status: z.string() }).optional(),
});

/** Attempts of each agent, and how many of them at once. */
const ATTEMPTS = 3;
const CONCURRENCY = 2;

/** The label by which the solving agent's runner is found. */
const LABEL = "solve";
const AGENT = path.join(ROOT, "examples/solve-agent/agent.js");

/** Characters of a bar in the terminal. */
const BAR_LENGTH = 24;

/** How well do agents do the example task? */
export function evaluationSteps(): DemoStep[] {
  const details: Detail[] = [];
  return [
    {
      title: `Evaluate the task's own solution: ${ATTEMPTS} attempts, ${CONCURRENCY} at once, followed live`,
      run: async (session) => void details.push(await evaluate(session, "oracle", "oracle")),
    },
    {
      title: "Evaluate the example agent, which works from outside through a runner",
      async run(session) {
        await startDemoRunner(session, ["--kinds", "run", "--slots", "2", "--labels", LABEL, "--agent", AGENT]);
        details.push(await evaluate(session, "solve-agent", { labels: [LABEL] }));
      },
    },
    {
      title: "See how well they do, with intervals: three attempts prove little",
      run: (session) => {
        session.say(toTable(details));
        demand(
          details.every(({ passed_count, total_samples }) => passed_count === total_samples),
          "Both agents should have passed every attempt.",
        );
        return Promise.resolve();
      },
    },
  ];
}

async function evaluate(session: DemoSession, name: string, agent: unknown): Promise<Detail> {
  const { org, workspace } = session.connection;
  const evaluations = `/api/v1/org/${org}/ws/${workspace}/evaluation`;
  const json = {
    name,
    model: "none",
    task_names: [session.example.name],
    agent,
    attempts: ATTEMPTS,
    concurrency: CONCURRENCY,
  };
  const made = jobSchema.parse(jsonOf(await session.send({ method: "POST", path: evaluations, json, expect: 201 })));
  await printEvents(session, `${evaluations}/${made.id}/events`);
  const answer = await session.send({ method: "GET", path: `${evaluations}/${made.id}`, expect: 200 });
  const detail = detailSchema.parse(jsonOf(answer));
  demand(detail.status === "completed", `The evaluation is ${detail.status}.`);
  return detail;
}

/** Prints what becomes of each item, until the evaluation has ended. */
async function printEvents(session: DemoSession, pathname: string): Promise<void> {
  await session.follow(pathname, (data) => {
    const { item } = eventSchema.catch({ type: "stream-end" }).parse(data);
    if (item) session.say(`${item.task_ref} #${item.attempt} ${item.item_status}`);
  });
}

const percent = (value: number | null) => (value === null ? "–" : `${Math.round(value * 100)}%`);

function toBar(value: number | null): string {
  const filled = Math.round((value ?? 0) * BAR_LENGTH);
  return "█".repeat(filled) + "░".repeat(BAR_LENGTH - filled);
}

/** A line for each evaluation and, below, a bar for each of its tasks. */
function toTable(details: readonly Detail[]): string {
  const rows = details.map(({ name, passed_count, total_samples, analytics }) => {
    const { pass_rate: passed, pass_hat_k: all, durations } = analytics;
    const interval = `${percent(passed.value)}  (${percent(passed.low)} to ${percent(passed.high)}, n = ${passed.n})`;
    const agentTime = durations.agent_ms.p50 === null ? "–" : `${(durations.agent_ms.p50 / 1_000).toFixed(1)} s`;
    return [name, `${passed_count}/${total_samples}`, interval, percent(all.at(-1)?.value ?? null), agentTime];
  });
  const head = ["agent", "passed", "pass rate (95% interval)", `pass^${ATTEMPTS}`, "agent p50"];
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   "));
  const bars = details.flatMap(({ name, analytics }) =>
    analytics.tasks.map(
      ({ task_ref, pass_rate }) => `${name.padEnd(widths[0] ?? 0)}   ${toBar(pass_rate.value)}   ${task_ref}`,
    ),
  );
  return [...lines, "", ...bars].join("\n");
}
