import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { COMPOSE_NAMES, type ComposePlan, MAIN_SERVICE, planCompose } from "../../compose/compose-plan.ts";
import type { ComposeService } from "../../compose/compose-service.ts";
import type { ReadVariable } from "../../compose/interpolate.ts";
import { ownPort } from "../../compose/port-entries.ts";
import type { ContainerTask } from "../../sandbox/container-task.ts";
import type { StartedService } from "../environment/local-sandbox.ts";
import { digestOf, digestOfFolder } from "./context-digest.ts";
import type { ImageStore } from "./image-store.ts";
import { IMAGE_PREFIX } from "./ownership.ts";
import type { Waiter } from "./shared-work.ts";

/** Longest compose file, in bytes. */
const FILE_MAX_BYTES = 1024 * 1024;
const MIB = 1024 * 1024;

/** A compose file whose images are there. */
export interface Composition {
  plan: ComposePlan;
  /** Image by service. */
  images: ReadonlyMap<string, string>;
  /** The image of the service that commands run in; null where that is none of the file's. */
  mainImage: string | null;
  /** Services with the ports that others are told of. */
  services: StartedService[];
  /** Paths of the archive that belong to services alone, and are not among the files of who works there. */
  withheldPaths: string[];
}

/** What a composition is made of. */
export interface ComposeSource {
  /** Where the compose file and what it names lie on this machine. */
  folder: string;
  /** A folder for what is made on the way. */
  scratch: string;
  /** Where `folder` is in the archive; empty, or ends with a slash. */
  prefix: string;
  /** Of task.yaml: service to ports. Null for a task whose commands run in one of the services. */
  ports: Readonly<Record<string, readonly number[]>> | null;
  defaultImage: string;
  /** Seconds for each image. */
  seconds: number;
  readVariable: ReadVariable;
}

/** Reads a compose file and makes the images of its services. Rejects with a reason for users. */
export async function makeComposition(source: ComposeSource, store: ImageStore, all: Waiter): Promise<Composition> {
  const { folder, prefix, ports } = source;
  const [fileName, text] = await readComposeFile(folder, prefix);
  const plan = planCompose(text, fileName, source.readVariable);
  if (ports === null && !plan.services.some(({ name }) => name === MAIN_SERVICE)) {
    throw new Error(`${fileName} starts no service ${MAIN_SERVICE}, in which commands run.`);
  }
  const services = listServices(plan, ports, fileName);
  const images = new Map<string, string>();
  for (const service of plan.services) images.set(service.name, await imageOf(service, source, store, all));
  const mainImage = ports === null ? (images.get(MAIN_SERVICE) ?? null) : null;
  return { plan, images, mainImage, services, withheldPaths: [fileName, ...filesOfServices(plan, prefix)] };
}

/** What the compose file says of the container that commands run in; what the task itself says comes first. */
export function withMain(task: ContainerTask, { plan }: Composition): ContainerTask {
  const main = plan.services.find(({ name }) => name === MAIN_SERVICE);
  if (!main) return task;
  const { cpus, memoryBytes } = main.limits;
  return {
    ...task,
    cpus: Math.min(task.cpus, cpus ?? Infinity),
    memory_mb: Math.min(task.memory_mb, memoryBytes === null ? Infinity : Math.ceil(memoryBytes / MIB)),
    workdir: task.workdir ?? main.workdir,
    user: task.user ?? main.user,
  };
}

async function readComposeFile(folder: string, prefix: string): Promise<[name: string, text: string]> {
  for (const name of COMPOSE_NAMES) {
    const place = path.join(folder, name);
    const facts = await stat(place).catch(() => undefined);
    if (!facts?.isFile()) continue;
    if (facts.size > FILE_MAX_BYTES) throw new Error(`${prefix}${name} has more than ${FILE_MAX_BYTES} bytes.`);
    return [prefix + name, await readFile(place, "utf8")];
  }
  throw new Error(`The archive has no ${prefix}${COMPOSE_NAMES[0]}, which starts the task's services.`);
}

/** Those that task.yaml has ports of; without one, all beside the main one with the ports that they expose. */
function listServices(plan: ComposePlan, ports: ComposeSource["ports"], fileName: string): StartedService[] {
  if (ports === null) {
    return plan.services
      .filter(({ name }) => name !== MAIN_SERVICE)
      .map(({ name, ports: entries }) => ({
        name,
        host: name,
        ports: entries.flatMap(({ ranges, isTcp }) => {
          const own = ranges.at(-1)?.[0];
          return own === undefined ? [] : [{ declared: own, own, isTcp }];
        }),
      }));
  }
  return Object.entries(ports).map(([name, declared]) => {
    const service = plan.services.find((one) => one.name === name);
    if (!service) throw new Error(`${fileName} does not start the service ${name}, of which task.yaml has ports.`);
    const own = declared.map((port) => {
      const found = ownPort(service.ports, port);
      if (!found) throw new Error(`${fileName}: service ${name} does not expose the port ${port} of task.yaml.`);
      return { declared: port, own: found.port, isTcp: found.isTcp };
    });
    return { name, host: name, ports: own };
  });
}

async function imageOf(
  service: ComposeService,
  source: ComposeSource,
  store: ImageStore,
  all: Waiter,
): Promise<string> {
  const { name, storage } = service;
  const base = await baseOf(service, source, store, all);
  if (storage.files.length === 0) return base;
  const { folder, scratch, seconds } = source;
  const { id } = await store.inspect(base);
  const tag = `${IMAGE_PREFIX}-task:${digestOf(id, await digestOfFolder(folder), storage.files)}`;
  if (await store.has(tag)) return tag;
  const copies = storage.files.map((file) => `COPY ${JSON.stringify([`./${file.source}`, file.target])}\n`);
  const recipe = path.join(scratch, `Dockerfile-${name}`);
  await writeFile(recipe, `FROM ${base}\n${copies.join("")}`);
  await store.addLayer(tag, recipe, folder, seconds, all.signal);
  return tag;
}

async function baseOf(
  { name, image }: ComposeService,
  { folder, prefix, ports, defaultImage, seconds }: ComposeSource,
  store: ImageStore,
  all: Waiter,
): Promise<string> {
  if (image?.kind === "image") return await store.fetch(image.name, seconds, all);
  const isMain = ports === null && name === MAIN_SERVICE;
  if (!image && !isMain) throw new Error(`service ${name}: has neither image nor build.`);
  const { context, dockerfile, args, target } = image ?? {
    context: "",
    dockerfile: "Dockerfile",
    args: {},
    target: null,
  };
  const isThere = await stat(path.join(folder, dockerfile)).then(
    (facts) => facts.isFile(),
    () => false,
  );
  if (!image && !isThere) return await store.fetch(defaultImage, seconds, all);
  if (!isThere) throw new Error(`service ${name}: builds from ${prefix}${dockerfile}, which is not in the archive.`);
  const order = {
    context: path.join(folder, context),
    dockerfile: path.relative(context, dockerfile),
    args,
    target,
    what: prefix + dockerfile,
  };
  return await store.build(order, seconds, all);
}

/** Build contexts and mounted files: whoever works on a task is not to read its services' insides. */
function filesOfServices({ services }: ComposePlan, prefix: string): string[] {
  const own = services.flatMap(({ image, storage }) => [
    ...(image?.kind === "build" ? [image.context, image.dockerfile] : []),
    ...storage.files.map(({ source }) => source),
  ]);
  return own.filter((name) => name !== "").flatMap((name) => [prefix + name, `${prefix}${name}/`]);
}
