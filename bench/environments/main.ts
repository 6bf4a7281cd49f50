/**
 * `npm run bench:environments [-- --rounds 7 --engine podman --image localhost/debian:bookworm]`: how long it takes from asking
 * for an environment in a container until its first command has ended, beside the engine's own `build`, `run` and `exec`.
 * Everything is thrown away at the end but the engine's images, which `npm run runner -- prune` removes.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { strToU8, zipSync } from "fflate";
import { z } from "zod";
import { type ApiAccess, callApi, jsonOf } from "../../scripts/api-client.ts";
import { PlainError, ROOT, runCommand } from "../../scripts/command.ts";
import { createFirstOrganization } from "../../scripts/first-organization.ts";
import { startProcessGroup } from "../../scripts/process-group.ts";
import type { Connection } from "../../scripts/state-folder.ts";
import { withThrowAwayServer } from "../../scripts/throw-away-server.ts";
import { summarize } from "../measure/statistics.ts";
import { formatNumber, formatTable, formatTimes } from "../measure/table.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    engine: { type: "string", default: "podman" },
    image: { type: "string", default: process.env["TASKYARD_RUNNER_IMAGE"] ?? "docker.io/library/debian:bookworm" },
  },
});
const rounds = Number(values.rounds);

/** Milliseconds between two looks at an environment, and until it has to be ready. */
const LOOK_MS = 25;
const READY_MS = 300_000;

const COMMAND = "echo done";
/** What our commands have to say, and the engine's own. */
const SAID = "done\n";

const environmentSchema = z.object({ id: z.string(), state: z.string(), execute_token: z.string().nullable() });
const outputSchema = z.object({ output: z.string() });
const keySchema = z.object({ key: z.string() });

const run = promisify(execFile);

await runCommand(async (signal) => {
  if (!(rounds >= 1)) throw new PlainError("--rounds is a number from 1.");
  await withThrowAwayServer(signal, async (server, state) => {
    const connection = await createFirstOrganization(server, state, signal);
    const access: ApiAccess = { baseUrl: connection.base_url, key: connection.api_key, signal };
    const runner = await startRunner(access, connection);
    try {
      await measure(access, connection);
    } finally {
      await runner.stop();
    }
  });
});

async function startRunner(access: ApiAccess, { base_url: url, org }: Connection) {
  const json = { name: "runner", allowed_scopes: ["runner"] };
  const key = keySchema.parse(
    jsonOf(await callApi(access, { method: "POST", path: "/api/v1/user/api-keys", json, expect: 201 })),
  );
  const args = ["--url", url, "--org", org, "--isolation", values.engine, "--image", values.image, "--slots", "4"];
  const runner = startProcessGroup(process.execPath, [path.join(ROOT, "src/runner/main.ts"), ...args], {
    cwd: ROOT,
    env: { ...process.env, TASKYARD_RUNNER_KEY: key.key },
  });
  const connected = new Promise<void>((resolve) => {
    runner.onLine((line) => {
      if (line.includes("connected to the pool")) resolve();
    });
  });
  const code = await Promise.race([connected, runner.ended]);
  if (code !== undefined) throw new PlainError(`The runner has ended:\n${runner.output()}`);
  return runner;
}

async function measure(access: ApiAccess, connection: Connection): Promise<void> {
  const cold = { ours: [] as number[], plain: [] as number[] };
  const warm = { ours: [] as number[], plain: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const task = await publish(access, connection, recipe(`ours ${round}`));
    cold.ours.push(await timeOurs(access, connection, task));
    const image = `localhost/taskyard-bench:${round}`;
    cold.plain.push(await timePlain(image, recipe(`plain ${round}`)));
    warm.plain.push(await timePlain(image));
    warm.ours.push(await timeOurs(access, connection, task));
    await run(values.engine, ["rmi", image]);
  }
  const rows = Object.entries({ cold, warm }).map(([name, { ours, plain }]) => {
    const ratios = ours.map((time, index) => time / (plain[index] ?? Number.NaN));
    const ratio = summarize(ratios);
    const spread = `${formatNumber(ratio.median)} (${formatNumber(ratio.least)}–${formatNumber(ratio.most)})`;
    return [name, formatTimes(summarize(plain), rounds), formatTimes(summarize(ours), rounds), spread];
  });
  console.log(formatTable(["", `${values.engine} alone, ms`, "ours, ms", "ratio"], rows));
}

/** A Dockerfile that no build has a layer of. */
function recipe(what: string): string {
  return `FROM ${values.image}\nRUN echo "${what} ${Date.now()}" > /made\nWORKDIR /\n`;
}

async function publish(access: ApiAccess, { org }: Connection, dockerfile: string): Promise<string> {
  const files = {
    "task.toml": 'version = "1.0"\n[task]\ndescription = "Measured."\n',
    "instruction.md": "Nothing.\n",
    "tests/test.sh": "echo 1 > /logs/verifier/reward.txt\n",
    "environment/Dockerfile": dockerfile,
  };
  const bytes = new Uint8Array(
    zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))),
  );
  const name = `measured-${Date.now()}`;
  await callApi(access, { method: "PUT", path: `/api/v1/org/${org}/tasks/${name}/versions/1.0.0`, bytes, expect: 201 });
  return name;
}

/** From asking for an environment until its first command has been answered. */
async function timeOurs(access: ApiAccess, { org, workspace }: Connection, task: string): Promise<number> {
  const environments = `/api/v1/org/${org}/ws/${workspace}/environments`;
  const started = performance.now();
  const json = { task_ref: task, sandbox_provider: "runner" };
  const made = environmentSchema.parse(
    jsonOf(await callApi(access, { method: "POST", path: environments, json, expect: 201 })),
  );
  const place = `${environments}/${made.id}`;
  for (let { state } = made; state !== "ready";) {
    if (state === "failed" || performance.now() - started > READY_MS)
      throw new PlainError(`The environment is ${state}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    ({ state } = environmentSchema.parse(jsonOf(await callApi(access, { method: "GET", path: place, expect: 200 }))));
  }
  const headers = { "X-Environment-Token": made.execute_token ?? "" };
  const executed = { method: "POST", path: `${place}/execute`, headers, json: { command: COMMAND }, expect: 200 };
  const { output } = outputSchema.parse(jsonOf(await callApi(access, executed)));
  const time = performance.now() - started;
  if (output !== SAID) throw new PlainError(`The command said ${output}`);
  await callApi(access, { method: "DELETE", path: place, headers, expect: 200 });
  return time;
}

/** The same by the engine's own commands: with a Dockerfile its image is built first. */
async function timePlain(image: string, dockerfile?: string): Promise<number> {
  const context = await mkdtemp(path.join(tmpdir(), "taskyard-bench-"));
  await writeFile(path.join(context, "Dockerfile"), dockerfile ?? "");
  const name = path.basename(context);
  const started = performance.now();
  try {
    if (dockerfile !== undefined) await run(values.engine, ["build", "--tag", image, context]);
    await run(values.engine, [
      "run",
      "--detach",
      "--network",
      "none",
      "--stop-timeout",
      "0",
      "--name",
      name,
      image,
      "sleep",
      "infinity",
    ]);
    const { stdout } = await run(values.engine, ["exec", name, "/bin/bash", "-c", COMMAND]);
    const time = performance.now() - started;
    if (stdout !== SAID) throw new PlainError(`The command said ${stdout}`);
    return time;
  } finally {
    await run(values.engine, ["rm", "--force", name]);
    await rm(context, { recursive: true });
  }
}
