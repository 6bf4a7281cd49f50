import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { HAS_BUBBLEWRAP } from "./commands.ts";
import { joinLiveServer, type LiveRunner, type LiveServer, startRunner, until } from "./live.ts";

export const ISOLATION = HAS_BUBBLEWRAP ? ["--isolation", "bubblewrap"] : ["--unsandboxed"];

/** A server with runners and a folder for agents, for all tests of a file. */
export interface LiveWorld {
  server: LiveServer;
  folder: string;
  /** Ended after the tests. */
  runners: LiveRunner[];
}

/** Sets it up before the tests of the file that calls it, and clears it away after them. */
export function useLiveWorld(): LiveWorld {
  const world: Partial<LiveWorld> & Pick<LiveWorld, "runners"> = { runners: [] };
  beforeAll(async () => {
    world.server = await joinLiveServer();
    world.folder = await mkdtemp(path.join(tmpdir(), "taskyard-agents-"));
  });
  afterAll(async () => {
    for (const runner of world.runners) await runner.kill("SIGKILL");
    for (const { workFolder } of world.runners) await rm(workFolder, { recursive: true, force: true });
    if (world.folder !== undefined) await rm(world.folder, { recursive: true, force: true });
    world.server?.proxy.close();
  }, 60_000);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- complete before the first test
  return world as LiveWorld;
}

/** Starts a runner. */
export async function start(world: LiveWorld, args: string[], env: Record<string, string> = {}): Promise<LiveRunner> {
  const runner = await startRunner(world.server, [...ISOLATION, ...args], env);
  world.runners.push(runner);
  return runner;
}

/** An agent of a few lines of shell. */
export async function agent({ folder }: LiveWorld, name: string, script: string): Promise<string> {
  const place = path.join(folder, name);
  await writeFile(place, `#!/bin/bash\n${script}\n`);
  await chmod(place, 0o755);
  return place;
}

/** Starts a run that only runners with this label take. */
export async function startRun({ server }: LiveWorld, label: string, given: object = {}) {
  const task = await server.send("POST", "/api/projects/@current/tasks/", { description: "Say hello", ...given });
  const json = { runner_labels: [label] };
  const started = await server.send("POST", `/api/projects/@current/tasks/${task.body.id}/run/`, json);
  const run = `/api/projects/@current/tasks/${task.body.id}/runs/${started.body.latest_run.id}`;
  const read = async () => (await server.send("GET", run)).body;
  return { run, read };
}

/** An environment on a runner with this label, of the example task unless another is named. */
export async function startEnvironment(
  { server }: LiveWorld,
  label: string,
  task = "hello-flag",
  given: object = {},
  seconds = 30,
) {
  const { org, workspace } = server.connection;
  const json = { task_ref: task, sandbox_provider: "runner", runner_labels: [label], ...given };
  const made = await server.send("POST", `/api/v1/org/${org}/ws/${workspace}/environments`, json);
  expect(made.status).toBe(201);
  const place = `/api/v1/org/${org}/ws/${workspace}/environments/${made.body.id}`;
  const token = { "X-Environment-Token": String(made.body.execute_token) };
  const read = async () => (await server.send("GET", place)).body;
  await until(read, ({ state }) => state === "ready" || state === "failed", seconds).then(({ state, error }) =>
    expect({ state, error }).toEqual({ state: "ready", error: null }),
  );
  const execute = (command: string, fields: object = {}) =>
    server.send("POST", `${place}/execute`, { command, timeout_sec: 60, ...fields }, token);
  return { place, token, read, execute };
}
