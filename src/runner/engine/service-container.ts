import { setTimeout as wait } from "node:timers/promises";
import type { ComposeService, Dependency, Healthcheck } from "../../compose/compose-service.ts";
import type { ContainerTask } from "../../sandbox/container-task.ts";
import { untilHealthy } from "../../sandbox/healthcheck.ts";
import { type ContainerSettings, runContainer } from "./container-options.ts";
import { type Engine, EngineError } from "./engine.ts";
import { nameFor } from "./ownership.ts";

/** Bytes of what a service writes that the engine keeps, and lines of it that are told. */
const LOG_SIZE = "1m";
const LAST_LINES = "20";

/** Seconds that a service has to be healthy, at least and at most, whatever its healthcheck says. */
const HEALTHY_MIN_SECONDS = 30;
const HEALTHY_MAX_SECONDS = 600;
/** Seconds that a service has to end by itself where another one waits for that. */
const COMPLETED_SECONDS = 600;
/** Milliseconds between looks at most: a healthcheck's own interval is made for services that live for weeks. */
const LOOK_MS = 500;

/** A container of an environment by which it is known to the engine. */
export interface ServicePlace {
  service: ComposeService;
  container: string;
}

export interface ServiceStart {
  environmentId: string;
  service: ComposeService;
  image: string;
  task: ContainerTask | null;
  /** A file of `NAME=value` lines: variables stand in no list of processes. */
  envFile: string;
  /** Its network, and volumes. */
  options: readonly string[];
  signal: AbortSignal;
}

/** What a service of an environment is called. */
export function serviceName(environmentId: string, service: string): string {
  return `${nameFor(environmentId)}-${service}`;
}

/** Starts a service. Throws EngineError. */
export async function startService(settings: ContainerSettings, start: ServiceStart): Promise<void> {
  const { environmentId, service, image, task, envFile, options, signal } = start;
  const { entrypoint, command, workdir, user, hostname, droppedRights, gainsNothing } = service;
  const [program, ...words] = entrypoint ?? [];
  const driver = settings.engine.kind === "docker" ? ["json-file", "--log-opt", "max-file=1"] : ["k8s-file"];
  await runContainer(settings, {
    name: serviceName(environmentId, service.name),
    environmentId,
    hostname: hostname ?? service.name,
    task,
    own: service.limits,
    options: [
      "--log-driver",
      ...driver,
      "--log-opt",
      `max-size=${LOG_SIZE}`,
      "--env-file",
      envFile,
      ...options,
      ...(workdir === null ? [] : ["--workdir", workdir]),
      ...(user === null ? [] : ["--user", user]),
      ...(entrypoint === null ? [] : ["--entrypoint", program ?? ""]),
      ...droppedRights.flatMap((right) => ["--cap-drop", right]),
      ...(gainsNothing ? ["--security-opt", "no-new-privileges"] : []),
    ],
    words: [image, ...words, ...(command ?? [])],
    signal,
  });
}

/** Options for what a service has beside its image; `volumeName` is what a volume of the file is called. */
export function storageOptions({ storage }: ComposeService, volumeName: (volume: string) => string): string[] {
  return [
    ...storage.volumes.flatMap(({ volume, target, isReadOnly }) => {
      const source = volume === null ? "" : `${volumeName(volume)}:`;
      return ["--volume", `${source}${target}${isReadOnly ? ":ro" : ""}`];
    }),
    ...storage.memory.flatMap((target) => ["--tmpfs", target]),
    ...(storage.isReadOnly ? ["--read-only"] : []),
  ];
}

/** Waits until a service is as another one needs it. Rejects with a reason for users. */
export async function untilReady(
  engine: Engine,
  { service, container }: ServicePlace,
  until: Dependency["until"],
  signal: AbortSignal,
): Promise<void> {
  const fail = async (why: string): Promise<never> => {
    const words = await lastWords(engine, container);
    throw new Error(`Service ${service.name} ${why}.${words && ` It wrote:\n${words}`}`);
  };
  if (until === "completed") {
    const code = await untilEnded(engine, container, signal);
    if (code !== 0) await fail(code === undefined ? `has not ended in ${COMPLETED_SECONDS} seconds` : endedWith(code));
    return;
  }
  const { healthcheck } = service;
  const { isRunning, exitCode } = await stateOf(engine, container);
  if (!healthcheck) return isRunning || exitCode === 0 ? undefined : await fail(endedWith(exitCode));
  const seconds = secondsFor(healthcheck);
  const end = performance.now() + seconds * 1000;
  const ask = async () => {
    const call = { signal, timeoutMs: healthcheck.timeout * 1000 };
    if (await isAnswered(engine, ["exec", container, ...healthcheck.words], call)) return true;
    const state = await stateOf(engine, container);
    return state.isRunning ? false : await fail(endedWith(state.exitCode));
  };
  const pause = Math.min(LOOK_MS / 1000, healthcheck.interval);
  if (await untilHealthy(ask, () => (performance.now() > end ? undefined : pause), signal)) return;
  await fail(`has not become healthy in ${seconds} seconds`);
}

/** The last lines of what a service wrote; empty where the engine has none. */
export async function lastWords(engine: Engine, container: string): Promise<string> {
  const lines: string[] = [];
  // Both outputs: most programs complain on the second one.
  const onLine = (line: string) => void lines.push(line);
  await engine.call(["logs", "--tail", LAST_LINES, container], { onLine }).catch(() => "");
  return lines.join("\n");
}

function secondsFor({ startPeriod, retries, interval, timeout }: Healthcheck): number {
  const asked = startPeriod + retries * (interval + timeout);
  return Math.min(Math.max(asked, HEALTHY_MIN_SECONDS), HEALTHY_MAX_SECONDS);
}

const endedWith = (exitCode: number) => `has ended with exit code ${exitCode}`;

/** A check whose time is up has failed like any other. */
async function isAnswered(engine: Engine, args: string[], call: { signal: AbortSignal; timeoutMs: number }) {
  try {
    return await engine.ask(args, call);
  } catch (error) {
    if (error instanceof EngineError && error.isTimeout) return false;
    throw error;
  }
}

async function stateOf(engine: Engine, container: string): Promise<{ isRunning: boolean; exitCode: number }> {
  const format = "{{.State.Status}} {{.State.ExitCode}}";
  const facts = await engine.call(["inspect", "--type", "container", "--format", format, container]);
  const [status, code] = facts.trim().split(" ");
  return { isRunning: status === "running", exitCode: Number(code) };
}

async function untilEnded(engine: Engine, container: string, signal: AbortSignal): Promise<number | undefined> {
  const end = performance.now() + COMPLETED_SECONDS * 1000;
  while (performance.now() < end) {
    const { isRunning, exitCode } = await stateOf(engine, container);
    if (!isRunning) return exitCode;
    await wait(LOOK_MS, undefined, { signal });
  }
  return undefined;
}
