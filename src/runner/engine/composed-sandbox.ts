import { mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";
import { MAIN_SERVICE } from "../../compose/compose-plan.ts";
import type { ComposeService } from "../../compose/compose-service.ts";
import type { LocalSandbox } from "../environment/local-sandbox.ts";
import { removeFolder } from "../process/remove-folder.ts";
import type { Say } from "../connection/held-work.ts";
import type { Composition } from "./composition.ts";
import { Container, type ContainerRequest, removeOne } from "./container.ts";
import type { ContainerSettings } from "./container-options.ts";
import { EnvironmentNetwork } from "./environment-network.ts";
import { lastWords, serviceName, startService, storageOptions, untilReady } from "./service-container.ts";

/** The name by which services reach the container of commands that is none of theirs. */
const COMMANDS_HOST = "sandbox";

/** Where an environment with services is made. */
export interface ComposedRequest extends ContainerRequest {
  composition: Composition;
  /** Below which files are made that the engine reads. */
  workFolder: string;
  log: (line: string) => void;
}

/**
 * Starts the container that commands run in and the services beside it, on a network of their own, each after those that it
 * depends on, and waits until they are healthy. Rejects with a reason for users, and leaves nothing behind then.
 */
export async function startComposed(settings: ContainerSettings, request: ComposedRequest): Promise<LocalSandbox> {
  const sandbox = new ComposedSandbox(settings, request);
  try {
    await sandbox.start();
    return sandbox;
  } catch (error) {
    await sandbox.remove(() => undefined);
    throw error;
  }
}

class ComposedSandbox implements LocalSandbox {
  readonly services: Composition["services"];
  readonly limits: LocalSandbox["limits"];
  readonly #settings: ContainerSettings;
  readonly #request: ComposedRequest;
  readonly #main: Container;
  #network: EnvironmentNetwork | undefined;
  readonly #volumes = new Set<string>();

  constructor(settings: ContainerSettings, request: ComposedRequest) {
    this.#settings = settings;
    this.#request = request;
    this.services = request.composition.services;
    this.#main = new Container(settings, request);
    this.limits = this.#main.limits;
  }

  async start(): Promise<void> {
    const { log, composition } = this.#request;
    const { plan, mainImage } = composition;
    const apart = mainImage === null;
    this.#network = await this.#makeNetwork(apart);
    const folder = await mkdtemp(path.join(this.#request.workFolder, "services-"));
    try {
      if (apart) await this.#main.start({ options: this.#network.optionsFor([COMMANDS_HOST]), words: [] });
      for (const service of plan.services) {
        await this.#untilDependencies(service);
        await this.#startOne(service, path.join(folder, `${service.name}.env`));
      }
      await Promise.all(plan.services.map((service) => this.#until(service, "started")));
      log(`Services run: ${this.services.map(({ name }) => name).join(", ")}.`);
    } finally {
      await removeFolder(folder, log);
    }
  }

  command(...given: Parameters<LocalSandbox["command"]>): ReturnType<LocalSandbox["command"]> {
    return this.#main.command(...given);
  }

  async lastWords(service: string): Promise<string> {
    return await lastWords(this.#settings.engine, this.#containerOf(service));
  }

  async remove(say: Say): Promise<void> {
    const { plan } = this.#request.composition;
    const names = new Set([this.#main.name, ...plan.services.map(({ name }) => this.#containerOf(name))]);
    await Promise.all([...names].map((name) => removeOne(this.#settings, ["rm", "--force", "--volumes", name], say)));
    for (const volume of this.#volumes) await removeOne(this.#settings, ["volume", "rm", volume], say);
    if (this.#network) await removeOne(this.#settings, ["network", "rm", this.#network.name], say);
  }

  async #makeNetwork(apart: boolean): Promise<EnvironmentNetwork> {
    const { environmentId, composition, task, signal } = this.#request;
    const { plan } = composition;
    const mayReachOut = this.#settings.network && (task?.network ?? true) && !plan.isInternal;
    if (!this.#settings.network && !this.#settings.engine.keepsNetworksIn) {
      throw new Error(
        "The task's services need a network of their own, on which this runner's engine would let them reach the machine. " +
          "They are started where it is run with --network, or with Podman without root (docs/runner.md).",
      );
    }
    const hosts = [...(apart ? [COMMANDS_HOST] : []), ...plan.services.map(({ name }) => name)];
    const aliases = plan.services.flatMap(({ name, aliases: others }) =>
      others.map((alias): [string, string] => [alias, name]),
    );
    const wanted = { hosts, aliases, isInternal: !mayReachOut };
    return await EnvironmentNetwork.create(this.#settings, environmentId, wanted, { signal });
  }

  async #startOne(service: ComposeService, envFile: string): Promise<void> {
    const { environmentId, composition, task, signal } = this.#request;
    const volumeOf = (volume: string) => serviceName(environmentId, volume);
    for (const { volume } of service.storage.volumes) if (volume !== null) await this.#makeVolume(volumeOf(volume));
    const network = this.#network?.optionsFor([service.name, ...service.aliases]) ?? [];
    const options = [...network, ...storageOptions(service, volumeOf)];
    const lines = Object.entries(service.environment).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(envFile, lines.join(""), { mode: 0o600 });
    if (this.#isMain(service)) {
      const words = [...(service.entrypoint ?? []), ...(service.command ?? [])];
      return await this.#main.start({ options: ["--env-file", envFile, ...options], words });
    }
    const image = composition.images.get(service.name) ?? "";
    await startService(this.#settings, { environmentId, service, image, task, envFile, options, signal });
  }

  async #makeVolume(name: string): Promise<void> {
    if (this.#volumes.has(name)) return;
    this.#volumes.add(name);
    const { engine, owner } = this.#settings;
    const { environmentId, signal } = this.#request;
    await engine.call(["volume", "create", ...owner.labelsFor(environmentId), name], { signal });
  }

  async #untilDependencies({ dependencies }: ComposeService): Promise<void> {
    const { plan } = this.#request.composition;
    for (const { service, until } of dependencies) {
      const other = plan.services.find(({ name }) => name === service);
      if (other && until !== "started") await this.#until(other, until);
    }
  }

  async #until(service: ComposeService, until: "started" | "healthy" | "completed"): Promise<void> {
    const place = { service, container: this.#containerOf(service.name) };
    await untilReady(this.#settings.engine, place, until, this.#request.signal);
  }

  #isMain({ name }: Pick<ComposeService, "name">): boolean {
    return this.#request.composition.mainImage !== null && name === MAIN_SERVICE;
  }

  #containerOf(name: string): string {
    return this.#isMain({ name }) ? this.#main.name : serviceName(this.#request.environmentId, name);
  }
}
