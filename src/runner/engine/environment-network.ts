import type { EngineCall } from "./engine.ts";
import type { ContainerSettings } from "./container-options.ts";
import { EngineError } from "./engine.ts";
import { nameFor } from "./ownership.ts";

/** A network of IPv4 addresses with room for all services; the first addresses are the engine's. */
const SUBNET = /^(\d+\.\d+\.\d+)\.0\/(?:1[6-9]|2[0-4])$/;
const FIRST_ADDRESS = 10;

/** The network of one environment: on a common one environments would reach each other. */
export class EnvironmentNetwork {
  readonly name: string;
  /** Options by which containers find each other, by name. */
  readonly #hosts: readonly string[];
  readonly #addresses: ReadonlyMap<string, string>;

  private constructor(name: string, addresses: ReadonlyMap<string, string>, aliases: readonly [string, string][]) {
    this.name = name;
    this.#addresses = addresses;
    const names = [...addresses.keys()].map((host): [string, string] => [host, host]);
    this.#hosts = [...names, ...aliases].flatMap(([alias, host]) => {
      const address = addresses.get(host);
      return address === undefined ? [] : ["--add-host", `${alias}:${address}`];
    });
  }

  /**
   * Makes it for containers that are reached by the names `hosts`, and by other names (`aliases`: name and host). Throws
   * EngineError, and leaves nothing behind then.
   */
  static async create(
    { engine, owner }: ContainerSettings,
    environmentId: string,
    wanted: { hosts: readonly string[]; aliases: readonly [string, string][]; isInternal: boolean },
    call: EngineCall,
  ): Promise<EnvironmentNetwork> {
    const name = nameFor(environmentId);
    const { hosts, aliases, isInternal } = wanted;
    // Docker keeps its networks apart by itself.
    const isolates = engine.kind === "podman" ? ["--opt", "isolate=true"] : [];
    const options = [...owner.labelsFor(environmentId), ...isolates, ...(isInternal ? ["--internal"] : [])];
    try {
      await engine.call(["network", "create", ...options, name], call);
      // Docker resolves names itself. Podman needs another program for that, so its containers are told all addresses.
      if (engine.kind === "docker" || hosts.length === 0) return new EnvironmentNetwork(name, new Map(), []);
      const format = "{{range .Subnets}}{{.Subnet}} {{end}}";
      const subnets = await engine.call(["network", "inspect", "--format", format, name], call);
      const [, prefix] = SUBNET.exec(subnets.trim().split(" ")[0] ?? "") ?? [];
      if (prefix === undefined) throw new EngineError(`${engine.kind} network: no room for services in ${subnets}`);
      const addresses = hosts.map((host, index) => [host, `${prefix}.${FIRST_ADDRESS + index}`] as const);
      return new EnvironmentNetwork(name, new Map(addresses), aliases);
    } catch (error) {
      await engine.call(["network", "rm", name]).catch(() => undefined);
      throw error;
    }
  }

  /** Options for a container in it, which is reached by `names`. */
  optionsFor(names: readonly string[]): string[] {
    const address = names.map((name) => this.#addresses.get(name)).find((known) => known !== undefined);
    return [
      "--network",
      this.name,
      ...names.flatMap((name) => ["--network-alias", name]),
      ...(address === undefined ? [] : ["--ip", address]),
      ...this.#hosts,
    ];
  }
}
