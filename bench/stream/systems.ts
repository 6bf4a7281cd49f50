import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { callApi, jsonOf } from "../../scripts/api-client.ts";
import { ROOT } from "../../scripts/command.ts";
import { type ProcessGroup, startProcessGroup } from "../../scripts/process-group.ts";
import { bundleWorker } from "../measure/bundle.ts";
import { findPort } from "../measure/free-port.ts";
import type { Target } from "./target.ts";

/** A system under load. */
export interface System {
  readonly target: Target;
  /** The process that holds the subscribers' connections, and the one that writes to disk. */
  readonly server: number;
  readonly writer: number;
  stop(): Promise<void>;
}

/** Ours, whose Worker may print lines. */
export interface TaskyardSystem extends System {
  onLine(listener: (line: string) => void): void;
}

const HOST = "127.0.0.1";
/** Every append is on disk before it is answered, and nothing else is written. */
const DURABLE_REDIS = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile", ""];

const START_TIMEOUT_MS = 60_000;
const created = z.object({ api_key: z.object({ key: z.string() }) });
const identified = z.object({ id: z.string() });

const READY = /^ready (\d+)/;
const REDIS_READY = /Ready to accept connections/;

/** Starts a program and waits for a line that says that it is ready; what stands in its group is the answer. */
async function start(program: string, args: string[], ready: RegExp, env: NodeJS.ProcessEnv = {}) {
  const processes = startProcessGroup(program, args, { cwd: ROOT, env: { ...process.env, ...env } });
  const line = Promise.withResolvers<string>();
  processes.onLine((text) => {
    const match = ready.exec(text);
    if (match) line.resolve(match[1] ?? "");
  });
  const failed = (): Error => new Error(`${args[0]} did not start:\n${processes.output()}`);
  const timer = setTimeout(() => line.reject(failed()), START_TIMEOUT_MS);
  void processes.ended.then(() => line.reject(failed()));
  try {
    return { processes, answer: await line.promise };
  } catch (error) {
    await processes.stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const program = (name: string, ...args: string[]): string[] => [
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "systems", name),
  ...args,
];

/** The process that a program has started. */
async function childOf({ pid }: ProcessGroup): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim().split(" ", 1)[0]);
}

/** Bundles the Worker into `folder`, and answers where the script is. */
export function bundleOurs(folder: string): Promise<string> {
  return bundleWorker(folder, join(ROOT, "wrangler.toml"), join(import.meta.dirname, "systems", "worker.js"));
}

/** How ours is started when it is looked at: what it prints when an object of a run is constructed, and its inspector. */
interface TaskyardOptions {
  announcement?: string;
  inspectorPort?: number;
}

/** The Worker in workerd, with its data in `folder`: an organization, its key and a task are made on the way. */
export async function startTaskyard(
  script: string,
  folder: string,
  signal: AbortSignal,
  { announcement = "", inspectorPort }: TaskyardOptions = {},
): Promise<TaskyardSystem> {
  await mkdir(folder, { recursive: true });
  const secret = randomBytes(24).toString("hex");
  const running = await launchTaskyard(script, folder, 0, {
    BOOTSTRAP_SECRET: secret,
    ANNOUNCE: announcement,
    ...(inspectorPort !== undefined && { INSPECTOR_PORT: String(inspectorPort) }),
  });
  const { port } = running;
  const access = { baseUrl: `http://${HOST}:${port}`, signal };
  const organization = await callApi(
    { ...access, key: secret },
    {
      method: "POST",
      path: "/api/v1/organizations",
      json: { key: "bench", name: "Bench", owner: { username: "bench", email: "bench@example.com" } },
      expect: 201,
    },
  );
  const { api_key } = created.parse(jsonOf(organization));
  const task = await callApi(
    { ...access, key: api_key.key },
    {
      method: "POST",
      path: "/api/projects/@current/tasks/",
      json: { title: "Bench", description: "Bench" },
      expect: 201,
    },
  );
  const { id } = identified.parse(jsonOf(task));
  return systemOf(running, { kind: "taskyard", name: "ours", host: HOST, port, key: api_key.key, task: id });
}

/** Kills workerd as it is and starts it again on the same data and port. */
export async function restartTaskyard(system: System, script: string, folder: string): Promise<TaskyardSystem> {
  process.kill(system.server, "SIGKILL");
  await system.stop();
  return systemOf(await launchTaskyard(script, folder, system.target.port), system.target);
}

async function launchTaskyard(script: string, folder: string, port: number, env: NodeJS.ProcessEnv = {}) {
  const args = program("taskyard.ts", script, folder, String(port));
  const { processes, answer } = await start(process.execPath, args, READY, env);
  return { processes, port: Number(answer), workerd: await childOf(processes) };
}

function systemOf(
  { processes, workerd }: { processes: ProcessGroup; workerd: number },
  target: Target,
): TaskyardSystem {
  return {
    target,
    server: workerd,
    writer: workerd,
    stop: () => processes.stop(),
    onLine: (listener) => processes.onLine(listener),
  };
}

/**
 * Redis with every append on disk before it is answered, and the server of `redis-streams.ts`; undefined without Redis. With
 * `hasDuties` that server looks up each request's key and checks each entry.
 */
export async function startRedis(name: string, folder: string, hasDuties: boolean): Promise<System | undefined> {
  if (spawnSync("redis-server", ["--version"]).error !== undefined) return undefined;
  await mkdir(folder, { recursive: true });
  const port = await findPort();
  const redis = await start(
    "redis-server",
    ["--bind", HOST, "--port", String(port), "--dir", folder, ...DURABLE_REDIS],
    REDIS_READY,
  );
  const key = hasDuties ? randomBytes(24).toString("hex") : undefined;
  try {
    const args = program("redis-streams.ts", String(port), ...(key === undefined ? [] : [key]));
    const { processes, answer } = await start(process.execPath, args, READY);
    const target: Target = { kind: "redis", name, host: HOST, port: Number(answer), ...(key !== undefined && { key }) };
    const stop = async (): Promise<void> => {
      await processes.stop();
      await redis.processes.stop();
    };
    return { target, server: processes.pid ?? 0, writer: redis.processes.pid ?? 0, stop };
  } catch (error) {
    await redis.processes.stop();
    throw error;
  }
}

/** The object that only commits, in a workerd of its own, with its rows in `folder`. */
export async function startBare(name: string, folder: string): Promise<System> {
  await mkdir(folder, { recursive: true });
  const { processes, answer } = await start(process.execPath, program("bare.ts", folder), READY);
  const workerd = await childOf(processes);
  const target: Target = { kind: "bare", name, host: HOST, port: Number(answer) };
  return { target, server: workerd, writer: workerd, stop: () => processes.stop() };
}

/** The reference server of Durable Streams; with a folder it writes there. */
export async function startDurableStreams(name: string, folder?: string): Promise<System> {
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  const args = folder === undefined ? [] : [folder];
  const { processes, answer } = await start(process.execPath, program("durable-streams.ts", ...args), READY);
  const target: Target = { kind: "durable-streams", name, host: HOST, port: Number(answer) };
  const pid = processes.pid ?? 0;
  return { target, server: pid, writer: pid, stop: () => processes.stop() };
}
