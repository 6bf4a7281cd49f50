import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { callApi, jsonOf } from "../../scripts/api-client.ts";
import { ROOT } from "../../scripts/command.ts";
import { startProcessGroup } from "../../scripts/process-group.ts";
import { formatNumber, formatTable } from "../measure/table.ts";
import type { SingleContext } from "./single-context.ts";
import type { Target } from "./target.ts";

const FLOOD_LINES = 200_000;
const QUIET_LINES = 250;
const QUIET_GAP_SECONDS = 0.02;

/** Agents, each a program that prints: as fast as it can, and now and then with the time. */
const AGENTS = {
  flood: `seq 1 ${FLOOD_LINES}`,
  quiet: `for i in $(seq ${QUIET_LINES}); do date +%s%N; sleep ${QUIET_GAP_SECONDS}; done`,
};

const made = z.object({ key: z.string() });
const started = z.object({ latest_run: z.object({ id: z.string() }) });
const entry = z.object({ notification: z.object({ params: z.object({ message: z.string() }) }) });

/**
 * Lines of a runner's agent, from its standard output to one reader of server-sent events: how many a second of one that
 * prints as fast as it can, and how late each is of one that prints now and then. Each line has to come once and in order.
 */
export async function printAgentLines({ systems, folder, signal }: SingleContext): Promise<void> {
  const target = systems.map((system) => system.target).find(({ kind }) => kind === "taskyard");
  if (!target) return;
  const flood = await measure(target, "flood", join(folder, "flood"), signal);
  const numbers = flood.map(({ text }) => Number(text));
  if (numbers.length !== FLOOD_LINES || numbers.some((number, index) => number !== index + 1)) {
    throw new Error(`Of ${FLOOD_LINES} lines ${numbers.length} came, or not in order`);
  }
  const seconds = ((flood.at(-1)?.at ?? 0) - (flood[0]?.at ?? 0)) / 1000;
  const quiet = await measure(target, "quiet", join(folder, "quiet"), signal);
  const late = quiet
    .map(({ at, text }) => at - Number(BigInt(text) / 1_000n) / 1_000)
    .sort((one, other) => one - other);
  const part = (share: number) => late[Math.floor(late.length * share)] ?? Number.NaN;
  const rows = [[formatNumber(FLOOD_LINES / seconds), formatNumber(part(0.5)), formatNumber(part(0.99))]];
  const header = ["lines/s of an agent that prints without a pause", "p50 ms, when it prints now and then", "p99 ms"];
  console.log(`\n### Lines of an agent\n\n${formatTable(header, rows)}`);
}

/** Has a runner of its own do a run with this agent, and returns its lines with the time at which each came. */
async function measure(target: Target, name: keyof typeof AGENTS, folder: string, signal: AbortSignal) {
  const baseUrl = `http://${target.host}:${target.port}`;
  const access = { baseUrl, key: target.key ?? "", signal };
  await mkdir(folder, { recursive: true });
  const agent = join(folder, "agent.sh");
  await writeFile(agent, `#!/bin/bash\n${AGENTS[name]}\n`);
  await chmod(agent, 0o755);
  const json = { name, scopes: ["runner"] };
  const { key } = made.parse(
    jsonOf(await callApi(access, { method: "POST", path: "/api/v1/user/api-keys", json, expect: 201 })),
  );
  const args = [
    "--url",
    baseUrl,
    "--org",
    "bench",
    "--kinds",
    "run",
    "--labels",
    name,
    "--agent",
    agent,
    "--work-folder",
    folder,
  ];
  const runner = startProcessGroup(process.execPath, [join(ROOT, "src/runner/main.ts"), ...args], {
    cwd: ROOT,
    env: { ...process.env, TASKYARD_RUNNER_KEY: key },
  });
  try {
    const tasks = `/api/projects/@current/tasks/${target.task}`;
    const request = { method: "POST", path: `${tasks}/run/`, json: { runner_labels: [name] }, expect: 200 };
    const { latest_run: run } = started.parse(jsonOf(await callApi(access, request)));
    const response = await fetch(`${baseUrl}${tasks}/runs/${run.id}/stream`, {
      headers: { Authorization: `Bearer ${access.key}` },
      signal,
    });
    return await readLines(response);
  } finally {
    await runner.stop();
  }
}

async function readLines(response: Response): Promise<{ at: number; text: string }[]> {
  const lines: { at: number; text: string }[] = [];
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const at = Date.now();
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      if (!part.startsWith("data: ") || !part.includes("_posthog/console")) continue;
      lines.push({ at, text: entry.parse(JSON.parse(part.slice("data: ".length))).notification.params.message });
    }
  }
  return lines;
}
