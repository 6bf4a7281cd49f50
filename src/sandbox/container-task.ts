import { z } from "zod";
import { healthcheck } from "./healthcheck.ts";

/** A name that stands for a variable of the runner's environment in a value: `${NAME}`, or `${NAME:-otherwise}`. */
export const MACHINE_VARIABLE = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/** Whether a value names a variable of whoever runs it, which only a machine can fill in. */
export function namesMachineVariable(value: string): boolean {
  return value.search(MACHINE_VARIABLE) >= 0;
}

/** What a task in Harbor's format asks of the container that it runs in (evaluations 3), as its machine is told. */
export const containerTask = z.object({
  /** Where the image comes from: `environment/Dockerfile` of the archive, a registry, or the machine's default. */
  image: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal(["dockerfile", "compose", "none"]) }),
    z.object({ kind: z.literal("image"), name: z.string() }),
  ]),
  build_seconds: z.number(),
  cpus: z.number(),
  memory_mb: z.int(),
  storage_mb: z.int(),
  /** Whether the task may reach a network; its machine has to allow it too. */
  network: z.boolean(),
  /** Variables of all commands; values may name the machine's. */
  env: z.record(z.string(), z.string()),
  /** Where commands start; the image's WORKDIR when null. */
  workdir: z.string().nullable(),
  /** Whom commands run as; the image's USER when null. */
  user: z.string().nullable(),
  /** What has to pass before the environment is ready; null for nothing, and left out of those of older records. */
  healthcheck: healthcheck.nullish(),
});

export type ContainerTask = z.output<typeof containerTask>;

/** The services that task.yaml declares (`ports`), as whoever starts them is told. */
export const taskServices = z.object({
  /** Service to the ports that are told of it: its own ones, or those that it is published at. */
  ports: z.record(z.string(), z.array(z.int().min(1).max(65_535))),
  /** `compose`: containers by the archive's docker-compose.yaml; `script`: processes of the provision script. */
  by: z.literal(["compose", "script"]),
});

export type TaskServices = z.output<typeof taskServices>;

/** A service that commands of the sandbox reach. */
export const serviceAddress = z.object({
  /** That of its first port. */
  url: z.string().max(500),
  /** Its own port, which may be another one than task.yaml names. */
  port: z.int(),
  /** By each port that task.yaml names. */
  urls: z.record(z.string(), z.string().max(500)),
});

export type ServiceAddress = z.output<typeof serviceAddress>;
