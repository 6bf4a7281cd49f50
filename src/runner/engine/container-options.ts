import { availableParallelism } from "node:os";
import type { ContainerTask } from "../../sandbox/container-task.ts";
import type { SandboxLimits } from "../../sandbox/port.ts";
import type { ProcessLimits } from "../process/limits.ts";
import { type Engine, EngineError } from "./engine.ts";
import type { Owner } from "./ownership.ts";

/** Rights that no task needs and that reach others on the same network, or devices. */
const DROPPED_RIGHTS = ["NET_RAW", "MKNOD", "AUDIT_WRITE"];

/** What the engine said where it cannot keep the size of a container. */
const NO_STORAGE_LIMIT = /storage.?opt|overlay\.size|pquota|--storage/i;

const MIB = 1024 * 1024;

/** What containers of a runner are made with. */
export interface ContainerSettings {
  engine: Engine;
  owner: Owner;
  /** Whether its operator lets environments reach a network. */
  network: boolean;
  limits: ProcessLimits;
}

/** A container that is about to be started. */
export interface ContainerStart {
  name: string;
  environmentId: string;
  hostname: string;
  /** What the task asks for; null for one of task.yaml. */
  task: ContainerTask | null;
  /** Limits of its own, below those of the task; null for none. */
  own?: { cpus: number | null; memoryBytes: number | null; processes: number | null } | undefined;
  /** Further options of the engine's `run`. */
  options: readonly string[];
  /** Its image, and the words that are run in it. */
  words: readonly string[];
  signal: AbortSignal;
}

/** Runs a container in the background, with the limits that the engine is able to keep. Throws EngineError. */
export async function runContainer(settings: ContainerSettings, start: ContainerStart): Promise<void> {
  const { engine, owner } = settings;
  const { name, environmentId, hostname, task, options, words, signal } = start;
  const fixed = [
    "--detach",
    "--name",
    name,
    ...owner.labelsFor(environmentId),
    "--hostname",
    hostname,
    "--pull",
    "never",
    // What runs in it is ended at once when it is removed.
    "--stop-timeout",
    "0",
    ...DROPPED_RIGHTS.flatMap((right) => ["--cap-drop", right]),
    ...limitOptions(settings, start),
    ...options,
  ];
  const run = (sized: string[]) => engine.call(["run", ...fixed, ...sized, ...words], { signal });
  const isSized = task !== null && engine.limits.storage;
  try {
    await run(isSized ? ["--storage-opt", `size=${task.storage_mb}M`] : []);
  } catch (error) {
    if (!isSized || !(error instanceof EngineError) || !NO_STORAGE_LIMIT.test(error.message)) throw error;
    engine.limits.storage = false;
    await engine.call(["rm", "--force", "--volumes", name]).catch(() => undefined);
    await run([]);
  }
}

/** What the environment is told of its container: what the engine does not keep is said to be without a limit. */
export function limitsToTell(settings: ContainerSettings, task: ContainerTask | null): SandboxLimits {
  const { limits: kept } = settings.engine;
  const { memory, cpus, processes } = limitsWithin(settings, { task });
  return {
    scope: kept.memory ? "environment" : "process",
    memory_bytes: memory,
    processes: kept.processes ? processes : null,
    cpus: kept.cpus ? cpus : null,
  };
}

/** Bytes of private memory of each process of a command, where the engine keeps no limit for all of them together. */
export function memoryOfEach(settings: ContainerSettings, task: ContainerTask | null): number | undefined {
  return settings.engine.limits.memory ? undefined : limitsWithin(settings, { task }).memory;
}

/** The task's limits within the operator's and the machine's. */
function limitsWithin({ limits }: ContainerSettings, { task, own }: Pick<ContainerStart, "task" | "own">) {
  return {
    memory: Math.min(task ? task.memory_mb * MIB : Infinity, limits.memoryBytes, own?.memoryBytes ?? Infinity),
    cpus: Math.min(task?.cpus ?? Infinity, availableParallelism(), own?.cpus ?? Infinity),
    processes: Math.min(limits.processes, own?.processes ?? Infinity),
  };
}

/** Options for the limits that the engine keeps for all processes of a container together. */
function limitOptions(settings: ContainerSettings, start: ContainerStart): string[] {
  const { engine } = settings;
  const { memory, cpus, processes } = limitsWithin(settings, start);
  return [
    ...(engine.limits.memory ? ["--memory", String(memory), "--memory-swap", String(memory)] : []),
    ...(engine.limits.cpus ? ["--cpus", String(cpus)] : []),
    ...(engine.limits.processes ? ["--pids-limit", String(processes)] : []),
  ];
}

/** There is nothing of this name any more, in the words of both engines. */
export function isGone(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    /no such (container|network|volume)|not found|no container with/i.test(error.message)
  );
}
