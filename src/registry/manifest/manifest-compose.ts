import type { StoredProblem } from "../../db/schema.ts";
import { type ArchiveFiles, UnreadableText } from "../archive/archive-files.ts";
import { COMPOSE_NAMES } from "../../compose/compose-plan.ts";
import { resolveInside } from "../../compose/archive-path.ts";
import { exposes, portEntries, type PortEntry } from "../../compose/port-entries.ts";
import { asMapping, parseYaml } from "../../yaml/parse-yaml.ts";
import { fieldProblem } from "./manifest-schema.ts";

/** Longest compose file, in bytes. */
const COMPOSE_MAX_BYTES = 1024 * 1024;

/** Services of one file at most. */
const MAX_SERVICES = 100;

/** What the compose file and task.yaml say of each other. */
export interface ComposeFindings {
  problems: StoredProblem[];
  warnings: StoredProblem[];
  /** Names of the services; empty without a compose file. */
  services: string[];
}

type Ports = Record<string, number[]>;

/**
 * Checks the compose file, when there is one, and the `ports` of task.yaml against it (contract A5). `isNeeded`: the services
 * are the file's, and not those of the provision script.
 */
export async function checkCompose(
  files: ArchiveFiles,
  ports: Ports | null,
  isNeeded: boolean,
): Promise<ComposeFindings> {
  const findings: ComposeFindings = { problems: [], warnings: [], services: [] };
  const path = COMPOSE_NAMES.find((name) => files.has(name));
  if (path === undefined) {
    if (ports && isNeeded) {
      const msg = `need a ${COMPOSE_NAMES.join(" or ")} at the archive's root.`;
      findings.problems.push(fieldProblem(["ports"], "compose_missing", msg));
    }
    return findings;
  }
  const refuse = (place: string[], type: string, msg: string) =>
    findings.problems.push({ loc: ["archive", path, ...place], msg: `${path}: ${msg}`, type });
  const services = await readServices(files, path, refuse);
  if (services === undefined) return findings;
  findings.services = [...services.keys()];
  const exposed = new Map([...services].map(([name, service]) => [name, portEntries(service)]));
  for (const [name, service] of services) {
    checkBuild(files, name, service, refuse);
    findings.warnings.push(...findServiceWarnings(path, name, exposed.get(name) ?? [], ports?.[name] ?? []));
  }
  if (isNeeded) findings.problems.push(...checkPorts(ports ?? {}, exposed, path));
  return findings;
}

function findServiceWarnings(path: string, name: string, exposed: PortEntry[], declared: number[]): StoredProblem[] {
  const loc = ["archive", path, "services", name];
  const warnings: StoredProblem[] = [];
  if (name === "client") {
    warnings.push({ loc, msg: `${path}: a service called client has no meaning here.`, type: "client_service" });
  }
  const undeclared = exposed.filter((entry) => !declared.some((port) => exposes(entry, port)));
  if (undeclared.length > 0) {
    const spelled = undeclared.map((entry) => entry.spelled).join(", ");
    const msg = `${path}: service ${name} exposes ${spelled}, which task.yaml does not declare in ports.`;
    warnings.push({ loc, msg, type: "port_undeclared" });
  }
  return warnings;
}

type Refuse = (place: string[], type: string, msg: string) => void;
type Service = Record<string, unknown>;

async function readServices(
  files: ArchiveFiles,
  path: string,
  refuse: Refuse,
): Promise<Map<string, Service> | undefined> {
  let text: string;
  try {
    text = (await files.readText(path, COMPOSE_MAX_BYTES)) ?? "";
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    refuse([], "compose_unreadable", `the file ${error.message}`);
    return undefined;
  }
  const parsed = parseYaml(text);
  if (!parsed.ok) {
    refuse([], "compose_unreadable", `the file ${parsed.message}`);
    return undefined;
  }
  const services = asMapping(asMapping(parsed.value)?.["services"]);
  if (services === undefined || Object.keys(services).length === 0) {
    refuse(["services"], "compose_services_missing", "services is missing or has none.");
    return undefined;
  }
  const known = new Map(Object.entries(services).map(([name, service]) => [name, asMapping(service) ?? {}]));
  if (known.size > MAX_SERVICES) {
    refuse(["services"], "too_many_services", `has ${known.size} services; at most ${MAX_SERVICES} are taken.`);
    return undefined;
  }
  return known;
}

function checkPorts(ports: Ports, exposed: Map<string, PortEntry[]>, path: string): StoredProblem[] {
  return Object.entries(ports).flatMap(([service, numbers]) => {
    const open = exposed.get(service);
    if (open === undefined) {
      return [fieldProblem(["ports", service], "service_missing", `names a service that ${path} does not have.`)];
    }
    return numbers
      .filter((port) => !open.some((entry) => exposes(entry, port)))
      .map((port) =>
        fieldProblem(["ports", service], "port_missing", `has ${port}, which the service does not expose in ${path}.`),
      );
  });
}

function checkBuild(files: ArchiveFiles, name: string, service: Service, refuse: Refuse): void {
  const { build } = service;
  if (build === undefined) return;
  const block = asMapping(build) ?? { context: build };
  const { context = ".", dockerfile = "Dockerfile" } = block;
  const place = ["services", name, "build"];
  if (typeof context !== "string" || typeof dockerfile !== "string") {
    refuse(place, "build_malformed", `service ${name} has a build whose context or dockerfile is not a string.`);
    return;
  }
  // What stands in the environment of whoever builds cannot be known here.
  if (context.includes("$") || dockerfile.includes("$")) return;
  const folder = resolveInside("", context);
  if (folder === undefined) {
    refuse(place, "build_context_outside", `service ${name} builds from ${context}, which is not in the archive.`);
    return;
  }
  if (block["dockerfile_inline"] !== undefined) return;
  const file = resolveInside(folder, dockerfile);
  if (file === undefined || !files.has(file)) {
    refuse(
      place,
      "dockerfile_missing",
      `service ${name} builds from ${file ?? dockerfile}, which is not in the archive.`,
    );
  }
}
