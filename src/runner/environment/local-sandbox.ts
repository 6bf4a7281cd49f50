import type { ContainerTask, TaskServices } from "../../sandbox/container-task.ts";
import type { SandboxLimits } from "../../sandbox/port.ts";
import type { CommandOptions, Startable } from "../process/command.ts";
import type { Say } from "../connection/held-work.ts";

/** A service of the task that runs beside its commands. */
export interface StartedService {
  name: string;
  /** What commands reach it by. */
  host: string;
  /** Its ports: as task.yaml names them, its own ones, and whether connections can be made to them. */
  ports: { declared: number; own: number; isTcp: boolean }[];
}

/** Where the commands of one environment run on this machine, under bubblewrap or in a container. */
export interface LocalSandbox {
  /** What its processes may take; of services beside it nothing is said. */
  readonly limits: SandboxLimits;
  /** What was started beside it. */
  readonly services: readonly StartedService[];
  /** A line for the shell. `cwd` is absolute inside of the sandbox, or relative to where commands start. */
  command(line: string, cwd: string, env: Readonly<Record<string, string>>, options?: CommandOptions): Startable;
  /** The last of what a service wrote, where it is kept; empty where it is not. */
  lastWords(service: string): Promise<string>;
  /** Ends what still runs in it, and removes it. Never rejects: what could not be removed is said. */
  remove(say: Say): Promise<void>;
}

/** The task's archive as the server has announced it. */
export interface TaskArchive {
  /** SHA-256 in hex, and bytes. */
  sha256: string;
  size: number;
  /** The folder of the archive, `name/`, that is taken away; empty when there is none. */
  root: string;
}

/** What a sandbox is made for. */
export interface SandboxRequest {
  environmentId: string;
  archive: TaskArchive;
  /** Paths of the archive that are in no sandbox. */
  withheldPaths: readonly string[];
  /** What the task asks of its container; null for one of task.yaml. */
  container: ContainerTask | null;
  /** The task's variables, filled in. */
  env: Readonly<Record<string, string>>;
  /** Services that task.yaml declares; null where it declares none. */
  services: TaskServices | null;
  /** Reads a variable of this machine that the task's compose file names. Throws a reason for users. */
  readVariable: (name: string, otherwise: string | undefined) => string;
  /** Downloads the archive to this place. */
  download: (place: string) => Promise<void>;
  /** Adds a line to the environment's log. */
  log: (line: string) => void;
  /** Says that an image is built, or that it is there (`false`). */
  building: (isBuilding: boolean) => void;
  /** Aborted when the environment is no longer wanted. */
  signal: AbortSignal;
}

/** A way to keep commands apart from this machine. */
export interface SandboxSource {
  /** For people: `bubblewrap`, `none`, `docker`, `podman`. */
  readonly kind: string;
  /** What a task may need that it has (pool-protocol.ts). */
  readonly capabilities: readonly string[];
  /** Whether commands may run on a terminal. */
  readonly terminals: boolean;
  /** Makes a sandbox with the task's files in it. Rejects with a reason for users, and leaves nothing behind then. */
  open(request: SandboxRequest): Promise<LocalSandbox>;
}
