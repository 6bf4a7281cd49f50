import { availableParallelism, hostname, totalmem } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { GroupLimits } from "./process/cgroup.ts";
import { label, workKind, WORK_KINDS } from "../pool/pool-protocol.ts";

const MIB = 1024 * 1024;

/** Has what most commands need, and a name that every engine understands. */
const DEFAULT_IMAGE = "docker.io/library/debian:bookworm";

/** What the program's command line takes; each has a variable of the environment too. Also the text of `--help`. */
const FLAGS = {
  url: ["TASKYARD_URL", "the server, such as https://taskyard.example.com"],
  org: ["TASKYARD_ORG", "the organization's key"],
  name: ["TASKYARD_RUNNER_NAME", "what the runner is called; the machine's name"],
  slots: ["TASKYARD_RUNNER_SLOTS", "pieces of work at the same time; as many as the machine has processors"],
  labels: ["TASKYARD_RUNNER_LABELS", "labels, separated by commas; none"],
  kinds: ["TASKYARD_RUNNER_KINDS", "environment, run, or both; run only with --agent"],
  agent: ["TASKYARD_RUNNER_AGENT", "the agent's command, such as ./agent.sh; without one no runs are taken"],
  "agent-env": ["TASKYARD_RUNNER_AGENT_ENV", "names of variables that agents get from this environment, by commas"],
  "work-folder": ["TASKYARD_RUNNER_WORK_FOLDER", "where work has its folders; the folder for temporary files"],
  isolation: ["TASKYARD_RUNNER_ISOLATION", "docker, podman or bubblewrap; the first of them that works here"],
  image: ["TASKYARD_RUNNER_IMAGE", `the container image of tasks without one; ${DEFAULT_IMAGE}`],
  "allow-env": ["TASKYARD_RUNNER_ALLOW_ENV", "names of variables that tasks may get from this environment, by commas"],
  share: ["TASKYARD_RUNNER_SHARE", "further folders that commands may read, separated by commas"],
  processes: ["TASKYARD_RUNNER_PROCESSES", "processes and threads of one command at the same time; 512"],
  "memory-mb": ["TASKYARD_RUNNER_MEMORY_MB", "MiB of memory of each process; 4096"],
  "total-memory-mb": [
    "TASKYARD_RUNNER_TOTAL_MEMORY_MB",
    "MiB of memory of all processes of an environment, where there are cgroups; four fifths of the machine's",
  ],
  "total-cpus": ["TASKYARD_RUNNER_TOTAL_CPUS", "processors' time of an environment, such as 1.5, likewise; all"],
  "file-mb": ["TASKYARD_RUNNER_FILE_MB", "MiB of each file that is written; 4096"],
  "unpacked-mb": ["TASKYARD_RUNNER_UNPACKED_MB", "MiB that a task's archive may unpack to; 16384"],
  "grace-seconds": ["TASKYARD_RUNNER_GRACE_SECONDS", "how long work may go on when the runner is asked to stop; 10"],
} as const;

const SWITCHES = {
  network: ["TASKYARD_RUNNER_NETWORK", "commands of environments reach the network"],
  unsandboxed: ["TASKYARD_RUNNER_UNSANDBOXED", "run commands without bubblewrap: they reach all that the runner does"],
  help: ["", "show this"],
} as const;

/** The runner's key comes by the environment alone: a command line is seen by everyone on the machine. */
const KEY = "TASKYARD_RUNNER_KEY";

const list = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  );
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const toggle = z
  .union([z.boolean(), z.enum(["1", "0", "true", "false", ""])])
  .default(false)
  .transform((value) => value === true || value === "1" || value === "true");

const options = z.object({
  url: z.url({ protocol: /^https?$/ }),
  org: z.string().min(1),
  key: z.string().min(1),
  name: z.string().min(1).max(100).default(hostname()),
  slots: count(availableParallelism()).pipe(z.number().max(1_000)),
  labels: list.pipe(z.array(label)),
  kinds: list.pipe(z.array(workKind)),
  agent: z.string().min(1).optional(),
  "agent-env": list,
  "work-folder": z.string().optional(),
  isolation: z.enum(["docker", "podman", "bubblewrap"]).optional(),
  image: z
    .string()
    .regex(/^[\w][\w./:@-]*$/, "is no name of an image")
    .default(DEFAULT_IMAGE),
  "allow-env": list.pipe(z.array(z.string().regex(/^[A-Za-z_]\w*$/, "is no name of a variable"))),
  share: list.transform((folders) => folders.map((folder) => path.resolve(folder))),
  processes: count(512),
  "memory-mb": count(4_096),
  "total-memory-mb": z.coerce.number().int().positive().optional(),
  "total-cpus": z.coerce.number().min(0.01).optional(),
  "file-mb": count(4_096),
  "unpacked-mb": count(16_384),
  "grace-seconds": z.coerce.number().min(0).default(10),
  network: toggle,
  unsandboxed: toggle,
});

export type RunnerOptions = z.output<typeof options>;

/** Wrong options; the message says which, and is meant for people. */
export class OptionsRefused extends Error {
  override readonly name = "OptionsRefused";
}

/** Reads the command line and, where it is silent, the environment. Undefined when help was asked for. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): RunnerOptions | undefined {
  const values = parse(args);
  if (values["help"] === true) return undefined;
  const given = Object.entries({ ...FLAGS, ...SWITCHES }).map(([name, [variable]]) => [
    name,
    values[name] ?? env[variable],
  ]);
  const read = options.safeParse({ ...Object.fromEntries(given), key: env[KEY] });
  if (!read.success) throw new OptionsRefused(read.error.issues.map(describeIssue).join("\n"));
  const { kinds, agent } = read.data;
  const able = WORK_KINDS.filter((kind) => kind !== "run" || agent !== undefined);
  if (kinds.includes("run") && agent === undefined) throw new OptionsRefused("--kinds run needs --agent.");
  if (read.data.unsandboxed && read.data.isolation !== undefined) {
    throw new OptionsRefused("--unsandboxed and --isolation exclude each other.");
  }
  return { ...read.data, kinds: kinds.length > 0 ? kinds : able };
}

export function helpText(): string {
  const rows = Object.entries({ ...FLAGS, ...SWITCHES }).map(([name, [variable, text]]) => {
    const isSwitch = Object.hasOwn(SWITCHES, name);
    return `  --${isSwitch ? name : `${name} …`}`.padEnd(24) + `${text}${variable === "" ? "" : ` (${variable})`}`;
  });
  return [
    "Lends this machine to a Taskyard server: environments' commands and agents run here.",
    "",
    "  npm run runner -- --url https://taskyard.example.com --org acme --agent ./agent.sh",
    "",
    ...rows,
    "",
    `${KEY} is the runner's API key, with the scope runner.`,
  ].join("\n");
}

function parse(args: string[]): Record<string, unknown> {
  const flags = Object.keys(FLAGS).map((name) => [name, { type: "string" as const }]);
  const switches = Object.keys(SWITCHES).map((name) => [name, { type: "boolean" as const }]);
  try {
    return parseArgs({ args, options: Object.fromEntries([...flags, ...switches]) }).values;
  } catch (error) {
    throw new OptionsRefused(error instanceof Error ? error.message : String(error));
  }
}

function describeIssue({ path: [name], message }: z.core.$ZodIssue): string {
  if (name === "key") return `${KEY} is missing: an API key with the scope runner.`;
  return `--${String(name)}: ${message}`;
}

/** What one command may take, as the options say. */
export function limitsOf(options: RunnerOptions) {
  return {
    processes: options.processes,
    memoryBytes: options["memory-mb"] * MIB,
    fileBytes: options["file-mb"] * MIB,
    openFiles: 4_096,
  };
}

/** Processes of a sandbox beside those of its commands: its first ones, and a shell beside each command. */
const OWN_PROCESSES = 64;
/** The part of the machine's memory that an environment may have where nothing is said. */
const MEMORY_SHARE = 0.8;

/** What all processes of an environment may take together, where the machine has cgroups. */
export function groupLimitsOf(options: RunnerOptions): GroupLimits {
  const memory = options["total-memory-mb"];
  return {
    memoryBytes: memory === undefined ? Math.floor(totalmem() * MEMORY_SHARE) : memory * MIB,
    processes: options.processes + OWN_PROCESSES,
    cpus: options["total-cpus"],
  };
}

/** Whether limits for an environment as a whole were asked for by name. */
export function asksForTogether(options: RunnerOptions): boolean {
  return options["total-memory-mb"] !== undefined || options["total-cpus"] !== undefined;
}

export function maxUnpackedBytes(options: RunnerOptions): number {
  return options["unpacked-mb"] * MIB;
}
