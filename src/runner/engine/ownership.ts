import { createHash } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { identifyProcess } from "../process/process-identity.ts";

/** Labels of everything that a runner has an engine make. */
export const LABELS = {
  /** The machine, the process id and the start of the runner, by `/`. */
  runner: "taskyard.runner",
  /** The server that it works for. */
  server: "taskyard.server",
  environment: "taskyard.environment",
  /** On images: what they were made for. */
  image: "taskyard.image",
} as const;

/** Begins the names of all images that are built here; no registry is called so. */
export const IMAGE_PREFIX = "localhost/taskyard";

/** Who makes containers and images: so that what a killed runner has left is known, and nobody else's is touched. */
export class Owner {
  readonly id: string;
  readonly #server: string;

  private constructor(id: string, server: string) {
    this.id = id;
    this.#server = server;
  }

  static async ofThisProcess(server: string): Promise<Owner> {
    return new Owner(`${machineName()}/${(await identifyProcess(process.pid)).replace(" ", "/")}`, server);
  }

  /** Options that label what is made for an environment. */
  labelsFor(environmentId: string): string[] {
    const labels = { [LABELS.runner]: this.id, [LABELS.server]: this.#server, [LABELS.environment]: environmentId };
    return Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
  }
}

/** What a container or a network of an environment is called. */
export function nameFor(environmentId: string): string {
  return `taskyard-${environmentId}`;
}

/** Whether the runner of this id ran on this machine and is dead. */
export async function isAbandoned(ownerId: string): Promise<boolean> {
  const [machine, pid = "", start = ""] = ownerId.split("/");
  if (machine !== machineName()) return false;
  const now = await identifyProcess(Number(pid)).catch(() => undefined);
  return now !== [pid, start].filter((part) => part !== "").join(" ");
}

/** This machine, and on Linux its space of process ids: of others nobody here knows whether they are alive. */
function machineName(): string {
  const space = process.platform === "linux" ? readlinkSync("/proc/self/ns/pid") : "";
  return createHash("sha256").update(`${hostname()} ${space}`).digest("hex").slice(0, 16);
}
