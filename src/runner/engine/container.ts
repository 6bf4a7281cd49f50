import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import path from "node:path";
import { TASK_ROOT } from "../../sandbox/port.ts";
import type { ContainerTask } from "../../sandbox/container-task.ts";
import type { LocalSandbox } from "../environment/local-sandbox.ts";
import type { CommandOptions, Startable } from "../process/command.ts";
import type { ProcessLimits } from "../process/limits.ts";
import type { Say } from "../connection/held-work.ts";
import { type Engine, EngineError } from "./engine.ts";
import { startExec } from "./exec-program.ts";
import { nameFor, type Owner } from "./ownership.ts";

/** Lives as long as the container and reaps what its commands leave; in every shell, so that no image needs an init. */
const FIRST_PROGRAM = "trap 'exit 0' TERM; while :; do sleep 86400 & wait $!; done";

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

export interface ContainerRequest {
  environmentId: string;
  image: string;
  /** What the task asks for; null for one of task.yaml. */
  task: ContainerTask | null;
  /** Variables of all commands, filled in. */
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** Starts a container for an environment. Throws EngineError, and leaves nothing behind then. */
export async function startContainer(settings: ContainerSettings, request: ContainerRequest): Promise<Container> {
  const container = new Container(settings, request);
  try {
    await container.start();
    return container;
  } catch (error) {
    await container.remove(() => undefined);
    throw error;
  }
}

/** The container of an environment: its commands are started by the engine's `exec`. */
export class Container implements LocalSandbox {
  readonly #settings: ContainerSettings;
  readonly #request: ContainerRequest;
  readonly #name: string;
  #hasNetwork = false;

  constructor(settings: ContainerSettings, request: ContainerRequest) {
    this.#settings = settings;
    this.#request = request;
    this.#name = nameFor(request.environmentId);
  }

  async start(): Promise<void> {
    const { engine } = this.#settings;
    const { signal, image, task } = this.#request;
    const isSized = task !== null && engine.limits.storage;
    if (this.#mayReachNetwork) await this.#makeNetwork();
    const last = ["--entrypoint", "/bin/sh", image, "-c", FIRST_PROGRAM];
    const run = (sized: string[]) => engine.call(["run", ...this.#options(), ...sized, ...last], { signal });
    try {
      await run(isSized ? ["--storage-opt", `size=${task.storage_mb}M`] : []);
    } catch (error) {
      if (!isSized || !(error instanceof EngineError) || !NO_STORAGE_LIMIT.test(error.message)) throw error;
      engine.limits.storage = false;
      await engine.call(["rm", "--force", "--volumes", this.#name]).catch(() => undefined);
      await run([]);
    }
  }

  command(line: string, cwd: string, env: Readonly<Record<string, string>>, options: CommandOptions = {}): Startable {
    const { engine } = this.#settings;
    const { task } = this.#request;
    const { joinsErrors = false, graceMs, tty, user = task?.user ?? undefined } = options;
    const variables = { TASK_ROOT, ...this.#request.env, ...env };
    const words = [line, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
    const workdir = task ? (task.workdir ?? undefined) : TASK_ROOT;
    const place = { client: engine.kind, container: this.#name, user, workdir };
    const folder = path.posix.normalize(cwd);
    const command = { line, cwd: folder === "." ? undefined : folder, env: variables, tty };
    const start = () => Promise.resolve(startExec(place, randomUUID(), command, { joinsErrors, graceMs }));
    return { words, start };
  }

  async remove(say: Say): Promise<void> {
    const { engine } = this.#settings;
    const removed = async (...args: string[]) => {
      await engine.call(args).catch((error: unknown) => {
        if (!isGone(error)) say(error instanceof Error ? error.message : String(error));
      });
    };
    await removed("rm", "--force", "--volumes", this.#name);
    if (this.#hasNetwork) await removed("network", "rm", this.#name);
  }

  get #mayReachNetwork(): boolean {
    return this.#settings.network && (this.#request.task?.network ?? true);
  }

  /** One for each environment: on a common one they would reach each other. */
  async #makeNetwork(): Promise<void> {
    const { engine, owner } = this.#settings;
    const { signal, environmentId } = this.#request;
    this.#hasNetwork = true;
    // Docker keeps its networks apart by itself.
    const isolates = engine.kind === "podman" ? ["--opt", "isolate=true"] : [];
    await engine.call(["network", "create", ...owner.labelsFor(environmentId), ...isolates, this.#name], { signal });
  }

  #options(): string[] {
    const { owner } = this.#settings;
    return [
      "--detach",
      "--name",
      this.#name,
      ...owner.labelsFor(this.#request.environmentId),
      "--hostname",
      "sandbox",
      "--pull",
      "never",
      "--log-driver",
      "none",
      // What runs in it is ended at once when it is removed.
      "--stop-timeout",
      "0",
      "--network",
      this.#mayReachNetwork ? this.#name : "none",
      ...DROPPED_RIGHTS.flatMap((right) => ["--cap-drop", right]),
      ...this.#limitOptions(),
    ];
  }

  /** The task's limits within the operator's, as far as the engine keeps them. */
  #limitOptions(): string[] {
    const { engine, limits } = this.#settings;
    const { task } = this.#request;
    const memory = Math.min(task ? task.memory_mb * MIB : Infinity, limits.memoryBytes);
    const cpus = Math.min(task?.cpus ?? Infinity, availableParallelism());
    return [
      ...(engine.limits.memory ? ["--memory", String(memory), "--memory-swap", String(memory)] : []),
      ...(engine.limits.cpus ? ["--cpus", String(cpus)] : []),
      ...(engine.limits.processes ? ["--pids-limit", String(limits.processes)] : []),
    ];
  }
}

/** There is nothing of this name any more, in the words of both engines. */
function isGone(error: unknown): boolean {
  return error instanceof EngineError && /no such (container|network)|not found|no container with/i.test(error.message);
}
