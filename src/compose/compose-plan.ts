import { asMapping, parseYaml } from "../yaml/parse-yaml.ts";
import { type ComposeService, readService } from "./compose-service.ts";
import { interpolate, type ReadVariable } from "./interpolate.ts";
import { readBoolean, readMapping, readText, refuse } from "./values.ts";

/** Names of the compose file; the first one that is there counts. */
export const COMPOSE_NAMES = ["docker-compose.yaml", "docker-compose.yml"] as const;

/** The service of a task in Harbor's format that commands run in. */
export const MAIN_SERVICE = "main";

/** Services that are started for one environment at most. */
const MAX_STARTED = 20;

/** Keys of a document that are read or say nothing. */
const TOP_KEYS = new Set(["version", "name", "services", "volumes", "networks"]);
const DRIVERS: readonly unknown[] = [undefined, "bridge", "default", "local"];

/** What a compose file asks to be started. */
export interface ComposePlan {
  /** Each one after those that it depends on. */
  services: ComposeService[];
  /** Whether their network leads nowhere. */
  isInternal: boolean;
}

/**
 * Reads a compose file. Only what is known is taken, so that nothing of it reaches an engine that would let a service out of
 * its environment. Services with `profiles` are left out. Throws ComposeRefused, with a message for the file's author.
 */
export function planCompose(text: string, fileName: string, read: ReadVariable): ComposePlan {
  const parsed = parseYaml(text);
  if (!parsed.ok) return refuse(fileName, parsed.message);
  const document = readMapping(interpolate(parsed.value, read), fileName);
  for (const key of Object.keys(document)) {
    if (!TOP_KEYS.has(key) && !key.startsWith("x-")) refuse(fileName, `${key} is not taken.`);
  }
  const given = Object.entries(asMapping(document["services"]) ?? {});
  if (given.length === 0) refuse(fileName, "has no services.");
  const services = given
    .map(([name, service]) => readService(name, service))
    .filter(({ profiles }) => !profiles.length);
  if (services.length > MAX_STARTED)
    refuse(fileName, `has ${services.length} services; at most ${MAX_STARTED} are started.`);
  checkVolumes(document["volumes"], fileName);
  return { services: inOrder(services, fileName), isInternal: readNetwork(document["networks"], services, fileName) };
}

function checkVolumes(given: unknown, fileName: string): void {
  const volumes = readMapping(given, `${fileName} volumes`);
  for (const [name, settings] of Object.entries(volumes)) checkOwn(settings, `${fileName}: volume ${name}`);
}

/** A volume or a network that is the environment's own. */
function checkOwn(settings: unknown, place: string): Record<string, unknown> {
  const block = readMapping(settings, place);
  if (readExternal(block["external"], place)) refuse(place, "is external: environments have nothing in common.");
  if (block["driver_opts"] !== undefined) refuse(place, "has driver_opts, which may name places of the machine.");
  if (!DRIVERS.includes(block["driver"]))
    refuse(place, `has the driver ${readText(block["driver"], place)}, which is not taken.`);
  return block;
}

function readExternal(value: unknown, place: string): boolean {
  return asMapping(value) !== undefined || readBoolean(value, `${place} external`);
}

/** Whether the one network is internal. Several would have to be kept apart. */
function readNetwork(given: unknown, services: readonly ComposeService[], fileName: string): boolean {
  const networks = readMapping(given, `${fileName} networks`);
  const used = [...new Set(services.flatMap((service) => service.networks))];
  if (used.length > 1) refuse(fileName, `puts services on several networks (${used.join(", ")}); they share one here.`);
  return used
    .map((name) => checkOwn(networks[name], `${fileName}: network ${name}`))
    .some((block) => readBoolean(block["internal"], `${fileName} internal`));
}

function inOrder(services: readonly ComposeService[], fileName: string): ComposeService[] {
  const known = new Map(services.map((service) => [service.name, service]));
  const ordered = new Set<ComposeService>();
  const visit = (service: ComposeService, above: readonly string[]): void => {
    if (ordered.has(service)) return;
    if (above.includes(service.name)) refuse(fileName, `has services that wait for each other: ${above.join(", ")}.`);
    for (const dependency of service.dependencies) {
      const other = known.get(dependency.service);
      if (!other) refuse(`service ${service.name}:`, `depends_on ${dependency.service}, which is not started.`);
      else visit(other, [...above, service.name]);
    }
    ordered.add(service);
  };
  for (const service of services) visit(service, []);
  return [...ordered];
}
