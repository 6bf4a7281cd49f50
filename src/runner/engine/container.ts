import { randomUUID } from "node:crypto";
import path from "node:path";
import { type SandboxLimits, TASK_ROOT } from "../../sandbox/port.ts";
import type { ContainerTask } from "../../sandbox/container-task.ts";
import type { LocalSandbox } from "../environment/local-sandbox.ts";
import type { CommandOptions, Startable } from "../process/command.ts";
import type { Say } from "../connection/held-work.ts";
import { type ContainerSettings, isGone, limitsToTell, memoryOfEach, runContainer } from "./container-options.ts";
import { EnvironmentNetwork } from "./environment-network.ts";
import { startExec } from "./exec-program.ts";
import { nameFor } from "./ownership.ts";

/**
 * Lives as long as the container and reaps what its commands leave; in every shell, so that no image needs an init. What it
 * is given is run beside it.
 */
const FIRST_PROGRAM = 'trap "exit 0" TERM; [ $# = 0 ] || "$@" & while :; do sleep 86400 & wait $!; done';

export interface ContainerRequest {
  environmentId: string;
  image: string;
  /** What the task asks for; null for one of task.yaml. */
  task: ContainerTask | null;
  /** Variables of all commands, filled in. */
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** What a container has that does not stand alone. */
export interface ContainerPlace {
  /** Options of the engine's `run`: its network, and volumes. */
  options: readonly string[];
  /** What runs in it beside commands; nothing where it is empty. */
  words: readonly string[];
}

/** Starts a container for an environment in which nothing else runs. Throws EngineError, and leaves nothing behind then. */
export async function startContainer(settings: ContainerSettings, request: ContainerRequest): Promise<LocalSandbox> {
  const container = new Container(settings, request);
  const { environmentId, task, signal } = request;
  let network: EnvironmentNetwork | undefined;
  const remove = async (say: Say) => {
    await container.remove(say);
    if (network) await removeOne(settings, ["network", "rm", network.name], say);
  };
  try {
    if (settings.network && (task?.network ?? true)) {
      const wanted = { hosts: [], aliases: [], isInternal: false };
      network = await EnvironmentNetwork.create(settings, environmentId, wanted, { signal });
    }
    await container.start({ options: network?.optionsFor([]) ?? ["--network", "none"], words: [] });
    const { limits } = container;
    return { services: [], limits, command: container.command.bind(container), lastWords: async () => "", remove };
  } catch (error) {
    await remove(() => undefined);
    throw error;
  }
}

/** The container of an environment that commands run in: they are started by the engine's `exec`. */
export class Container {
  readonly name: string;
  /** Those of the container, or of each process where the engine keeps none. */
  readonly limits: SandboxLimits;
  readonly #settings: ContainerSettings;
  readonly #request: ContainerRequest;

  constructor(settings: ContainerSettings, request: ContainerRequest) {
    this.#settings = settings;
    this.#request = request;
    this.name = nameFor(request.environmentId);
    this.limits = limitsToTell(settings, request.task);
  }

  async start({ options, words }: ContainerPlace): Promise<void> {
    const { environmentId, image, task, signal } = this.#request;
    await runContainer(this.#settings, {
      name: this.name,
      environmentId,
      hostname: "sandbox",
      task,
      options: ["--log-driver", "none", ...options, "--entrypoint", "/bin/sh"],
      words: [image, "-c", FIRST_PROGRAM, "sh", ...words],
      signal,
    });
  }

  command(line: string, cwd: string, env: Readonly<Record<string, string>>, options: CommandOptions = {}): Startable {
    const { engine } = this.#settings;
    const { task } = this.#request;
    const { joinsErrors = false, graceMs, tty, user = task?.user ?? undefined } = options;
    const variables = { TASK_ROOT, ...this.#request.env, ...env };
    const words = [line, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
    const workdir = task ? (task.workdir ?? undefined) : TASK_ROOT;
    const place = { client: engine.kind, container: this.name, user, workdir };
    const folder = path.posix.normalize(cwd);
    const memoryBytes = memoryOfEach(this.#settings, task);
    const command = { line, cwd: folder === "." ? undefined : folder, env: variables, tty, memoryBytes };
    const start = () => Promise.resolve(startExec(place, randomUUID(), command, { joinsErrors, graceMs }));
    return { words, start };
  }

  async remove(say: Say): Promise<void> {
    await removeOne(this.#settings, ["rm", "--force", "--volumes", this.name], say);
  }
}

/** Has the engine remove something, which may be gone already. Never rejects: what could not be removed is said. */
export async function removeOne({ engine }: ContainerSettings, args: readonly string[], say: Say): Promise<void> {
  await engine.call(args).catch((error: unknown) => {
    if (!isGone(error)) say(error instanceof Error ? error.message : String(error));
  });
}
