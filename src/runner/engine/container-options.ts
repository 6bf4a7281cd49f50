import { availableParallelism } from "node:os";
import type { ContainerTask } from "../../sandbox/container-task.ts";
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

/** The task's limits within the operator's, as far as the engine keeps them. */
function limitOptions({ engine, limits }: ContainerSettings, { task, own }: ContainerStart): string[] {
  const memory = Math.min(task ? task.memory_mb * MIB : Infinity, limits.memoryBytes, own?.memoryBytes ?? Infinity);
  const cpus = Math.min(task?.cpus ?? Infinity, availableParallelism(), own?.cpus ?? Infinity);
  const processes = Math.min(limits.processes, own?.processes ?? Infinity);
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
