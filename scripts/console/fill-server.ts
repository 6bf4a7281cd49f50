/** What the console's pictures show, made through the API: tasks, runs, evaluations, environments, a runner. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { strToU8 } from "fflate";
import { z } from "zod";
import { type ApiAccess, callApi, jsonOf } from "../api-client.ts";
import { PlainError, ROOT } from "../command.ts";
import { launchRunner } from "../demo-runner.ts";
import { packExample } from "../example-archive.ts";
import type { ProcessGroup } from "../process-group.ts";
import type { Connection } from "../state-folder.ts";
import { SAMPLE_ENTRIES } from "./sample-run.ts";

/** Milliseconds for evaluations and environments. */
const PATIENCE_MS = 120_000;
const POLL_MS = 300;

const TASKS = "/api/projects/@current/tasks";
const PLACE = "/api/v1/org/local/ws/main";
const withId = z.object({ id: z.string() });
const madeEnvironment = z.object({ id: z.string(), execute_token: z.string() });

/** Tasks that a team gives to agents, with the state that their latest run is in. */
const RUNS = [
  { title: "Translate the settings page", status: "cancelled", cost_usd: 0.02 },
  { title: "Write release notes for 4.2", status: "completed", cost_usd: 0.31 },
  { title: "Find the slow query of the orders page", status: "failed", cost_usd: 0.87 },
  { title: "Upgrade the payment client", status: "completed", cost_usd: 1.12 },
  { title: "Mend the rounding of checkout totals", status: "in_progress", cost_usd: 0.0841 },
];

/** Names under which the example is published, too. */
const OTHERS = ["access-audit", "hidden-note", "lost-message", "night-scan", "shop-forensics"];

/** An environment with the token that the page asks for. */
export interface MadeEnvironment {
  id: string;
  token: string;
}

/** What there is to be shown. */
export interface Filled {
  task: string;
  run: string;
  evaluations: [string, string];
  /** In the Worker, and on a machine with terminals. */
  embedded: MadeEnvironment;
  onRunner: MadeEnvironment;
  runner: ProcessGroup;
}

/** Fills the server; the caller stops the runner. */
export async function fillServer(connection: Connection, signal: AbortSignal): Promise<Filled> {
  const access = { baseUrl: connection.base_url, key: connection.api_key, signal };
  const name = await publishExample(access);
  const evaluations = await startEvaluations(access, [name, ...(await publishOthers(access))]);
  const { task, run, ended } = await makeRuns(access);
  const key = z
    .object({ key: z.string() })
    .parse(await post(access, "/api/v1/user/api-keys", { name: "runner", allowed_scopes: ["runner"] }));
  const runner = launchRunner(connection, key.key, ["--unsandboxed", "--name", "build-machine"]);
  try {
    const embedded = await provision(access, name, "embedded");
    const onRunner = await provision(access, name, "runner");
    for (const id of evaluations) await waitFor(access, `${PLACE}/evaluation/${id}`, "status", ["completed", "failed"]);
    for (const { path: where, status } of ended) {
      await callApi(access, { method: "PATCH", path: where, json: { status }, expect: 200 });
    }
    return { task, run, evaluations, embedded, onRunner, runner };
  } catch (error) {
    await runner.stop();
    throw error;
  }
}

async function post(access: ApiAccess, where: string, json: unknown, expect = 201): Promise<unknown> {
  return jsonOf(await callApi(access, { method: "POST", path: where, json, expect }));
}

const readExample = (file: string) => readFile(path.join(ROOT, "examples", "hello-flag", file), "utf8");

/** Publishes two versions of the example, the second with a longer readme; answers the task's name. */
async function publishExample(access: ApiAccess): Promise<string> {
  const next = {
    "task.yaml": (await readExample("task.yaml")).replace("version: 1.0.0", "version: 1.1.0"),
    "README.md": `${await readExample("README.md")}\n## What changed in 1.1\n\nA note says where the log comes from.\n`,
    "data/NOTES.md": "# The log\n\nTaken from the shop's reverse proxy, with addresses made up.\n",
  };
  const added = Object.entries(next).map(([file, text]) => [file, strToU8(text)] as const);
  const first = await packExample();
  const second = await packExample(Object.fromEntries(added));
  for (const [version, bytes] of [
    ["1.0.0", first.bytes],
    ["1.1.0", second.bytes],
  ] as const) {
    const where = `/api/v1/org/local/tasks/${first.name}/versions/${version}`;
    await callApi(access, { method: "PUT", path: where, bytes, expect: 201 });
  }
  return first.name;
}

/** Publishes the example under other names, so that lists have more than one; answers the names. */
async function publishOthers(access: ApiAccess): Promise<string[]> {
  const manifest = await readFile(path.join(ROOT, "examples", "hello-flag", "task.yaml"), "utf8");
  for (const name of OTHERS) {
    const { bytes } = await packExample({
      "task.yaml": strToU8(manifest.replace("name: hello-flag", `name: ${name}`)),
    });
    const where = `/api/v1/org/local/tasks/${name}/versions/1.0.0`;
    await callApi(access, { method: "PUT", path: where, bytes, expect: 201 });
  }
  return OTHERS;
}

async function startEvaluations(access: ApiAccess, tasks: string[]): Promise<[string, string]> {
  const start = async (agent: string) => {
    const request = { name: `Forensics by ${agent}`, model: "none", task_names: tasks, agent, attempts: 3 };
    return withId.parse(await post(access, `${PLACE}/evaluation`, { ...request, concurrency: 4 })).id;
  };
  return [await start("oracle"), await start("nop")];
}

interface Runs {
  /** The last ones. */
  task: string;
  run: string;
  /** Runs that are to end, and how. */
  ended: { path: string; status: string }[];
}

/** Makes the tasks with a run each, which all go on at first. */
async function makeRuns(access: ApiAccess): Promise<Runs> {
  const made: Runs = { task: "", run: "", ended: [] };
  for (const { title, status, cost_usd } of RUNS) {
    const json = { title, description: title, repository: "acme/storefront" };
    made.task = withId.parse(await post(access, TASKS, json)).id;
    const state = { mode: "background", cost_usd };
    const fields = { status: "in_progress", environment: "cloud", branch: "fix/rounding", state };
    made.run = withId.parse(await post(access, `${TASKS}/${made.task}/runs`, fields)).id;
    const where = `${TASKS}/${made.task}/runs/${made.run}`;
    await post(access, `${where}/append_log`, { entries: SAMPLE_ENTRIES }, 200);
    if (status !== "in_progress") made.ended.push({ path: where, status });
  }
  return made;
}

async function provision(access: ApiAccess, task: string, provider: string): Promise<MadeEnvironment> {
  const json = { task_ref: task, sandbox_provider: provider };
  const { id, execute_token: token } = madeEnvironment.parse(await post(access, `${PLACE}/environments`, json));
  await waitFor(access, `${PLACE}/environments/${id}`, "state", ["ready"]);
  return { id, token };
}

/** Asks until the field has one of these values. */
async function waitFor(access: ApiAccess, where: string, field: string, wanted: readonly string[]): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const answer = z
      .record(z.string(), z.unknown())
      .parse(jsonOf(await callApi(access, { method: "GET", path: where, expect: 200 })));
    if (wanted.includes(String(answer[field]))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new PlainError(`${where} has not become ${wanted.join(" or ")} in ${PATIENCE_MS / 1_000} s.`);
}
