import type { ContainerTask, ServiceAddress, TaskServices } from "./container-task.ts";
import type { WorkEvent } from "../pool/work.ts";
import type { ZipSource } from "../zip/read/source.ts";
import type { SandboxSecrets } from "./secret-mask.ts";

/**
 * Where the commands of an environment run. The environment's Durable Object is the host: it owns the state, what was
 * asked for and what came out of it. A sandbox is opened anew each time the object wakes, so it remembers nothing that
 * it has not stored or cannot ask for; what happens in it is told to the host by the id of the command, whenever it
 * happens. Nothing here throws for an expected failure of a command: it ends, and its ending says how.
 */

export const SANDBOX_KINDS = ["embedded", "runner", "container"] as const;

export type SandboxKind = (typeof SANDBOX_KINDS)[number];

/** Where the task's archive lies in every sandbox, and where commands start that ask for no folder. */
export const TASK_ROOT = "/task";

/** The folder of commands that ask for none: TASK_ROOT, or the working folder of the task's image. */
export const START_FOLDER = ".";

/** Exit codes of commands that did not end by themselves: those of timeout(1) and of a process that SIGKILL ends. */
export const TIMED_OUT_EXIT_CODE = 124;
export const KILLED_EXIT_CODE = 137;

/** A script of task.yaml: a path in the archive, or a line for the shell. `timeout` is in seconds. */
export interface SandboxScript {
  script: string;
  timeout: number;
}

/** What the task's version says that a sandbox needs to know. */
export interface SandboxTask {
  /** Key of the organization that owns the task. */
  organizationKey: string;
  name: string;
  version: string;
  /** SHA-256 of the archive in hex, and its size in bytes. */
  sha256: string;
  fileSize: number;
  /** The archive in R2 (ARCHIVES), as it was when it was checked. */
  archiveKey: string;
  archiveEtag: string;
  directoryOffset: number;
  directorySize: number;
  entryCount: number;
  /** The folder of the archive that is taken away, `name/`: what lies in it is at TASK_ROOT. Empty when there is none. */
  archiveRoot: string;
  /** Paths of the archive that are in no sandbox: solutions and flags (registry/archive/withheld-paths.ts). */
  withheldPaths: readonly string[];
  /** Services that task.yaml declares, with their ports. */
  ports: Readonly<Record<string, readonly number[]>> | null;
  /** Which of them are to be started, and by what; left out of older records, which start none. */
  services?: TaskServices | null;
  /** What runs in the sandbox before it is ready, and before it is destroyed. */
  provision: SandboxScript | null;
  teardown: SandboxScript | null;
  /** What a task in Harbor's format asks of its container; null for others, and left out of those of older records. */
  container?: ContainerTask | null;
}

/** The time of a command that may run as long as its sandbox: 23 days, the most that every timer on the way takes. */
export const UNLIMITED_SECONDS = 2_000_000;

/** What a command may use. */
export interface CommandLimits {
  /** Wall clock, from the command's start in the sandbox. The sandbox itself ends it, by SIGTERM and then SIGKILL. */
  seconds: number;
  /** Bytes of each stream that are passed on, from its beginning. What comes after is read, counted and dropped. */
  outputBytes: number;
}

/** The size of a terminal, in characters. */
export interface TerminalSize {
  rows: number;
  cols: number;
}

export interface SandboxCommand {
  /** UUID. A command that is started twice under the same id runs once. */
  id: string;
  /** A line for the shell; `bash -c` where there is one. */
  command: string;
  /** Absolute, or relative to where the sandbox starts commands: TASK_ROOT, or the working folder of the task's image. */
  cwd: string;
  /** Added to the sandbox's own variables. */
  env: Readonly<Record<string, string>>;
  /** Variables besides, whose values may name those of a runner's machine (`${NAME}`), which fills them in. */
  machineEnv?: Readonly<Record<string, string>>;
  /** Whom it runs as, where the sandbox knows users; its own one when left out. */
  user?: string;
  /** All of standard input, or its beginning where more follows. */
  stdin: Uint8Array;
  /** Whether standard input stays open for what `SandboxInteraction.input` brings; so it does with a terminal. */
  keepsInput: boolean;
  /** The size of the terminal that it runs on; null for one that has none. */
  tty: TerminalSize | null;
  /**
   * Whether standard output and standard error are to be told apart. Where they are not, both come as standard output, in
   * the order in which they were written; a sandbox that knows both at once may tell them apart all the same.
   */
  separateOutput: boolean;
  limits: CommandLimits;
}

export type OutputStream = "stdout" | "stderr";

/** Bytes that a command has written in all, passed on or not. */
export type Produced = Record<OutputStream, number>;

/** How a command ended. Only `lost` has no exit code: it is unknown. */
export type CommandEnding =
  | { status: "exited"; exitCode: number; produced: Produced }
  | { status: "timed_out" | "killed"; produced: Produced }
  | { status: "lost"; reason: string };

/** What processes of a sandbox may take, each of them or all together; `processes` counts all in both, null for any number. */
export interface SandboxLimits {
  scope: "process" | "environment";
  memory_bytes: number;
  processes: number | null;
  /** Processors' worth of time; null for all of them. */
  cpus: number | null;
}

/** What the sandbox tells the environment. Every call is committed before it returns, and may be repeated. */
export interface SandboxHost {
  /** An image is built or fetched before anything else can be done, or no longer (`false`). */
  building(isBuilding: boolean): Promise<void>;
  /** Provisioning is done: the files are there and commands can run. */
  ready(services: Readonly<Record<string, ServiceAddress>>, limits?: SandboxLimits): Promise<void>;
  /** Provisioning failed, or the sandbox is gone for good; `reason` is shown to users. Ends running commands as lost. */
  failed(reason: string): Promise<void>;
  /**
   * Output of a running command. `offset` is where `bytes` begin in their stream, so that bytes sent again are stored
   * once. Returns how many bytes of the stream are taken, so that as many more may come, or undefined when no such command
   * runs (any more): then it is to be killed. Of a terminal's fewer may be taken than are stored; the rest is told by
   * `SandboxInteraction.takeOutput`.
   */
  output(commandId: string, stream: OutputStream, offset: number, bytes: Uint8Array): number | undefined;
  /** The command is over. Later endings of the same command change nothing. */
  ended(commandId: string, ending: CommandEnding): Promise<void>;
  /** Bytes stored of each stream of a command that runs, undefined when none of that id does: to resume from. */
  stored(commandId: string): Produced | undefined;
  /** More of a command's input has been taken: others have room for more. */
  inputTaken(commandId: string): void;
  /** Ids of the commands that run as far as the host knows. */
  running(): string[];
  /** Adds lines to the environment's log (`GET …/logs`): what provisioning does, not what commands write. */
  log(line: string): void;
  /** Has `Sandbox.wake` called at about this time (milliseconds since 1970); a later call replaces it. */
  wakeAt(time: number): Promise<void>;
}

/** What a sandbox is made of: given anew each time the object wakes. */
export interface SandboxPlace {
  environmentId: string;
  organizationId: string;
  task: SandboxTask;
  /** What its machine has to have, where machines are chosen from (docs/runner.md). */
  labels: readonly string[];
  /** The object's storage. A provider keeps what it stores in tables that begin with its own kind (`runner_…`). */
  ctx: DurableObjectState;
  env: Cloudflare.Env;
  host: SandboxHost;
  /** Its secrets, decrypted when they are asked for and nowhere stored; rejects where they cannot be. */
  secrets: () => Promise<SandboxSecrets>;
  /** Reads the task's archive out of R2. */
  openArchive: () => ZipSource;
}

/** What a sandbox is able to do; shown in the environment's answer as `sandbox_provider`. */
export interface SandboxTraits {
  kind: SandboxKind;
  /** One sentence for users: what it is and what it is not. */
  description: string;
  /** Whether commands are programs of a Linux machine. */
  linux: boolean;
  /** Whether commands reach a network. */
  network: boolean;
  /** Whether the task's services (`ports`) are started. */
  services: boolean;
  /** Whether output is passed on while the command runs, rather than when it is over. */
  streams: boolean;
  /** Whether commands may have a terminal, and input that stays open. */
  terminals: boolean;
}

/** Why something about files was refused. */
export type FileFault =
  | "not_found"
  | "is_directory"
  /** A pipe, a socket or a device: reading one may wait for ever. */
  | "not_regular"
  | "not_directory"
  | "not_empty"
  | "invalid_path"
  | "not_permitted"
  | "too_large"
  | "no_space"
  /** Its bytes are not those that were announced. */
  | "wrong_content"
  /** What is there now does not allow it. */
  | "conflict"
  | "unavailable";

/** Thrown by SandboxFiles for what it cannot do. `message` is for users. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly fault: FileFault;

  constructor(fault: FileFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export interface FileStatus {
  /** Absolute path in the sandbox. */
  path: string;
  /** `other`: a pipe, a socket or a device. */
  type: "file" | "directory" | "symlink" | "other";
  /** Bytes; 0 for what is no file. */
  size: number;
  /** Permission bits. */
  mode: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/** A file that comes in parts. */
export interface PartedFile {
  path: string;
  /** Where it is until it is complete: in the folder of `path`, so that it is put in place at once. */
  staging: string;
  /** Bytes. */
  size: number;
  /** Of all bytes, in hex; null where it was not announced. */
  sha256: string | null;
}

/** Parts may come in any order, several at once, and again. Nothing but what is on its way is held in memory. */
export interface PartedFiles {
  /** Makes room. Throws `too_large` and `no_space` for what the sandbox cannot take. */
  begin(file: PartedFile): Promise<void>;
  /** Writes a part of `size` bytes at `offset`. Throws `not_found` when the file in the making is no longer there. */
  write(file: PartedFile, offset: number, body: ReadableStream<Uint8Array>, size: number): Promise<void>;
  /** Puts it in place, all or nothing; done already, it says so again. Throws `wrong_content` for another SHA-256. */
  complete(file: PartedFile): Promise<FileStatus>;
  /** Takes away what has come. */
  abort(file: PartedFile): Promise<void>;
}

/** The files of a sandbox that is ready, outside of any command. Paths are absolute and have no `.` or `..` in them. */
export interface SandboxFiles {
  /** Undefined when there is none. Symbolic links are followed. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** What lies below a folder, `depth` levels deep (1: its own entries), by path; no more than `limit` entries. */
  list(path: string, depth: number, limit: number): Promise<{ entries: FileStatus[]; more: boolean }>;
  /** `length` bytes from `offset` on; the whole file without a range. */
  read(path: string, range?: { offset: number; length: number }): Promise<ReadableStream<Uint8Array>>;
  /** Creates or replaces a file, with the folders above it. `size` is how many bytes `body` has. */
  write(path: string, body: ReadableStream<Uint8Array>, size: number): Promise<FileStatus>;
  /** Removes a file, or a folder with all that is in it. Throws `not_found`. */
  remove(path: string): Promise<void>;
  readonly parted: PartedFiles;
}

/** What a sandbox does with commands whose input stays open. All of it is stored before it returns. */
export interface SandboxInteraction {
  /** Why commands get no terminal here now; undefined where they do. For users. */
  readonly terminalFault: string | undefined;
  /** Adds to a command's input, which it gets once and in this order. `isLast`: nothing follows. */
  input(commandId: string, bytes: Uint8Array, isLast: boolean): void;
  /** Bytes of a command's input that it has not taken yet. */
  backlog(commandId: string): number;
  /** Changes the size of a command's terminal. */
  resize(commandId: string, size: TerminalSize): void;
  /** So many bytes of a command's output are taken. */
  takeOutput(commandId: string, bytes: number): void;
}

/** What the host asks of a sandbox. */
export interface Sandbox {
  readonly traits: SandboxTraits;
  readonly files: SandboxFiles;
  /**
   * Whether commands go on while the object sleeps or is moved. Where they do not, the host ends those that it finds
   * running when it wakes as lost.
   */
  readonly outlivesObject: boolean;
  /** Left out where the input of commands is all there at their start. */
  readonly interaction?: SandboxInteraction;
  /** Begins to provision; the outcome comes by `ready` or `failed`. Repeated when the object was lost meanwhile. */
  provision(): Promise<void>;
  /** Starts a command, which the host has stored as running. What comes of it is told to the host. */
  start(command: SandboxCommand): Promise<void>;
  /** Ends a command and all that it has started; its ending comes by `ended`. */
  kill(commandId: string): Promise<void>;
  /** Gives back everything that the sandbox holds. May be repeated, also before it was ever provisioned. */
  destroy(): Promise<void>;
  /** What `wakeAt` has asked for. */
  wake?(): Promise<void>;
  /** Gives work of the sandbox to a runner that has claimed it: what it is told; undefined where that is no longer wanted. */
  admitWork?(workId: string, runner: string): Promise<Record<string, unknown> | undefined>;
  /** What the pool of runners tells of work of the sandbox. */
  hearOfWork?(workId: string, event: WorkEvent): Promise<void>;
  /** A machine's WebSocket handshake, or its download of the archive. */
  connect?(machine: MachineRequest): Promise<Response>;
  /** Messages and ends of hibernatable sockets that `connect` has accepted. */
  socketMessage?(socket: WebSocket, message: string | ArrayBuffer): Promise<void>;
  socketClosed?(socket: WebSocket): Promise<void>;
}

/** A machine that wants to work for the sandbox, by the token of the work and the organization of its key. */
export interface MachineRequest {
  wants: "socket" | "archive";
  organizationId: string;
  workToken: string;
}

export type OpenSandbox = (place: SandboxPlace) => Sandbox;
