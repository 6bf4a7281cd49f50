import { asMapping } from "../yaml/parse-yaml.ts";
import { resolveInside } from "./archive-path.ts";
import { type PortEntry, portEntries } from "./port-entries.ts";
import { BUILD_KEYS, IDLE_BUILD_KEYS, IDLE_KEYS, READ_KEYS, REFUSED_KEYS } from "./service-keys.ts";
import { type ServiceStorage, readStorage } from "./service-storage.ts";
import {
  readBoolean,
  readDuration,
  readList,
  readMapping,
  readNumber,
  readOptionalText,
  readSize,
  readText,
  readVariables,
  readWords,
  refuse,
} from "./values.ts";

/** Where a service's image comes from: a registry, or a folder of the archive, beside the compose file. */
export type ServiceImage =
  | { kind: "image"; name: string }
  | { kind: "build"; context: string; dockerfile: string; args: Record<string, string>; target: string | null };

/** How a service says that it is there. Seconds. */
export interface Healthcheck {
  /** Words that are run in the service's container. */
  words: string[];
  interval: number;
  timeout: number;
  startPeriod: number;
  retries: number;
}

/** What a service waits for of another one, before it is started. */
export interface Dependency {
  service: string;
  until: "started" | "healthy" | "completed";
}

/** A service of a compose file, of which nothing reaches beyond the environment. */
export interface ComposeService {
  name: string;
  /** Null where the file says nothing of it. */
  image: ServiceImage | null;
  entrypoint: string[] | null;
  command: string[] | null;
  environment: Record<string, string>;
  workdir: string | null;
  user: string | null;
  hostname: string | null;
  /** Further names that it is reached by. */
  aliases: string[];
  networks: string[];
  ports: PortEntry[];
  healthcheck: Healthcheck | null;
  dependencies: Dependency[];
  storage: ServiceStorage;
  droppedRights: string[];
  /** Whether its programs get no rights that it has not from its start. */
  gainsNothing: boolean;
  limits: { cpus: number | null; memoryBytes: number | null; processes: number | null };
  profiles: string[];
}

/** Names of services are names of hosts. */
export const HOST_NAME = /^[A-Za-z0-9](?:[\w.-]{0,60}[A-Za-z0-9])?$/;
const USER = /^[\w.-]+(?::[\w.-]+)?$/;
const RIGHT = /^[A-Z_]+$/;
const IMAGE = /^[\w][\w./:@-]*$/;

/** Compose's own values. */
const HEALTH = { interval: 30, timeout: 30, retries: 3, startPeriod: 0 };

/** Reads one service, whose variables are filled in. Throws ComposeRefused, for what would reach out of its sandbox too. */
export function readService(name: string, given: unknown): ComposeService {
  const place = `service ${name}:`;
  if (!HOST_NAME.test(name)) refuse(place, "its name is none of a host.");
  const service = readMapping(given, place);
  checkKeys(service, place);
  const { ports, networks } = service;
  return {
    name,
    image: readImage(service, place),
    entrypoint: readWords(service["entrypoint"], `${place} entrypoint`),
    command: readWords(service["command"], `${place} command`),
    environment: readVariables(service["environment"], `${place} environment`),
    workdir: readFolder(service["working_dir"], `${place} working_dir`),
    user: matching(readOptionalText(service["user"], `${place} user`), USER, `${place} user`),
    hostname: matching(readOptionalText(service["hostname"], `${place} hostname`), HOST_NAME, `${place} hostname`),
    ...readNetworks(networks, `${place} networks`),
    ports: ports === undefined && service["expose"] === undefined ? [] : portEntries(service),
    healthcheck: readHealthcheck(service["healthcheck"], `${place} healthcheck`),
    dependencies: readDependencies(service["depends_on"], `${place} depends_on`),
    storage: readStorage(service, place),
    droppedRights: readList(service["cap_drop"], `${place} cap_drop`).map(
      (right) => matching(right.replace(/^CAP_/, ""), RIGHT, `${place} cap_drop`) ?? right,
    ),
    gainsNothing: service["security_opt"] !== undefined,
    limits: readLimits(service, place),
    profiles: readList(service["profiles"], `${place} profiles`),
  };
}

function checkKeys(service: Readonly<Record<string, unknown>>, place: string): void {
  for (const [key, value] of Object.entries(service)) {
    if (READ_KEYS.has(key) || IDLE_KEYS.has(key) || key.startsWith("x-")) continue;
    if (key === "privileged" && !readBoolean(value, `${place} privileged`)) continue;
    if (
      key === "security_opt" &&
      readList(value, place).every((option) => /^no-new-privileges(?:[:=]true)?$/.test(option))
    )
      continue;
    refuse(place, `${key} ${REFUSED_KEYS[key] ?? "is not known here, and may change what it does."}`);
  }
}

function readImage(service: Readonly<Record<string, unknown>>, place: string): ServiceImage | null {
  const { build, image } = service;
  if (build !== undefined) return readBuild(build, `${place} build`);
  const name = matching(readOptionalText(image, `${place} image`), IMAGE, `${place} image`);
  return name === null ? null : { kind: "image", name };
}

function readBuild(build: unknown, place: string): ServiceImage {
  const block = asMapping(build) ?? { context: build };
  for (const key of Object.keys(block)) {
    if (!BUILD_KEYS.has(key) && !IDLE_BUILD_KEYS.has(key)) refuse(place, `${key} is not taken.`);
  }
  const spelled = readText(block["context"] ?? ".", `${place} context`);
  const context = resolveInside("", spelled);
  if (context === undefined) return refuse(place, `context ${spelled} is not in the archive.`);
  const dockerfile = readText(block["dockerfile"] ?? "Dockerfile", `${place} dockerfile`);
  const file = resolveInside(context, dockerfile);
  if (file === undefined) return refuse(place, `dockerfile ${dockerfile} is not in the archive.`);
  const args = readVariables(block["args"], `${place} args`);
  const target = matching(readOptionalText(block["target"], `${place} target`), /^[\w][\w.-]*$/, `${place} target`);
  return { kind: "build", context, dockerfile: file, args, target };
}

function readFolder(value: unknown, place: string): string | null {
  return matching(readOptionalText(value, place), /^\/[^\0\n]*$/, place);
}

function matching(text: string | null, pattern: RegExp, place: string): string | null {
  return text === null || pattern.test(text) ? text : refuse(place, `is ${JSON.stringify(text)}, which is not taken.`);
}

function readNetworks(value: unknown, place: string): Pick<ComposeService, "networks" | "aliases"> {
  if (value === undefined) return { networks: ["default"], aliases: [] };
  if (Array.isArray(value)) return { networks: readList(value, place), aliases: [] };
  const networks = readMapping(value, place);
  const aliases = Object.entries(networks).flatMap(([name, settings]) =>
    readList(readMapping(settings, `${place}.${name}`)["aliases"], `${place}.${name}.aliases`),
  );
  for (const alias of aliases) matching(alias, HOST_NAME, `${place} aliases`);
  const names = Object.keys(networks);
  return { networks: names.length > 0 ? names : ["default"], aliases };
}

function readHealthcheck(value: unknown, place: string): Healthcheck | null {
  const block = readMapping(value, place);
  const { test } = block;
  if (test === undefined || readBoolean(block["disable"], `${place}.disable`)) return null;
  const [kind = "", ...rest] = Array.isArray(test) ? readList(test, place) : ["CMD-SHELL", readText(test, place)];
  if (kind === "NONE") return null;
  if ((kind !== "CMD" && kind !== "CMD-SHELL") || rest.length === 0)
    refuse(place, "test begins with CMD or CMD-SHELL.");
  return {
    words: kind === "CMD" ? rest : ["/bin/sh", "-c", rest.join(" ")],
    interval: readDuration(block["interval"], `${place}.interval`) ?? HEALTH.interval,
    timeout: readDuration(block["timeout"], `${place}.timeout`) ?? HEALTH.timeout,
    startPeriod: readDuration(block["start_period"], `${place}.start_period`) ?? HEALTH.startPeriod,
    retries: readNumber(block["retries"], `${place}.retries`) ?? HEALTH.retries,
  };
}

const CONDITIONS: Readonly<Record<string, Dependency["until"]>> = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
};

function readDependencies(value: unknown, place: string): Dependency[] {
  if (Array.isArray(value)) return readList(value, place).map((service) => ({ service, until: "started" }));
  return Object.entries(readMapping(value, place)).map(([service, settings]) => {
    const condition = readText(readMapping(settings, place)["condition"] ?? "service_started", place);
    return { service, until: CONDITIONS[condition] ?? refuse(place, `condition ${condition} is not known.`) };
  });
}

function readLimits(service: Readonly<Record<string, unknown>>, place: string): ComposeService["limits"] {
  const deploy = readMapping(service["deploy"], `${place} deploy`);
  const resources = readMapping(deploy["resources"], `${place} deploy.resources`);
  const limits = readMapping(resources["limits"], `${place} deploy.resources.limits`);
  if (readMapping(resources["reservations"], place)["devices"] !== undefined) {
    refuse(place, "deploy.resources.reservations.devices are devices of the machine.");
  }
  if (deploy["replicas"] !== undefined && Number(deploy["replicas"]) !== 1) refuse(place, "deploy.replicas is not 1.");
  return {
    cpus: readNumber(service["cpus"] ?? limits["cpus"], `${place} cpus`),
    memoryBytes: readSize(service["mem_limit"] ?? limits["memory"], `${place} memory`),
    processes: readNumber(service["pids_limit"] ?? limits["pids"], `${place} pids_limit`),
  };
}
