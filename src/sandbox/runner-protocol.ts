/**
 * What an environment and the machine that runs its commands say to each other over WebSocket (docs/runner.md): JSON texts
 * both ways, besides `ping` and `pong`. Both sides use this module; it imports nothing of either.
 */
import { z } from "zod";
import { containerTask, serviceAddress, taskServices } from "./container-task.ts";

/** Goes up when a machine of the former one would no longer understand. */
export const SANDBOX_PROTOCOL = 1;

/** Carries the token that came with the work, beside the runner's key. */
export const WORK_TOKEN_HEADER = "X-Work-Token";

/** Bytes of one stream that are on their way at most: then the machine reads no more of the command's output. */
export const OUTPUT_WINDOW_BYTES = 512 * 1024;
/** Bytes of output or input in one message at most. */
export const PIECE_BYTES = 64 * 1024;
/** Bytes of a command's input that are on their way at most. */
export const INPUT_WINDOW_BYTES = 512 * 1024;

/** Why the environment closes the connection. */
export const SANDBOX_CLOSE_CODES = {
  /** The environment is no longer, or the work is somebody else's: the machine clears it away. */
  over: 4000,
  /** What the machine sent is none of these messages. */
  malformed: 4001,
  /** A newer connection of the same work took the place of this one. */
  replaced: 4003,
} as const;

const stream = z.literal(["stdout", "stderr"]);
const count = z.int().min(0);
const size = { rows: z.int().min(1).max(1_000), cols: z.int().min(1).max(1_000) };
const produced = z.object({ stdout: count, stderr: count });
const script = z.object({ script: z.string(), timeout: z.number() }).nullable();
const services = z.record(z.string(), serviceAddress);

/** What processes of a sandbox may take (port.ts). */
export const sandboxLimits = z.object({
  scope: z.literal(["process", "environment"]),
  memory_bytes: count,
  /** Null where their number has no limit. */
  processes: count.nullable(),
  /** Processors' worth of time; null for all of them. */
  cpus: z.number().nullable(),
});

export const machineMessage = z.discriminatedUnion("type", [
  /** First on each connection. `new`: nothing was set up yet. `terminals`: whether it takes `tty`, and `offset` of input. */
  z.object({
    type: z.literal("hello"),
    protocol: z.literal(SANDBOX_PROTOCOL),
    state: z.literal(["new", "ready"]),
    terminals: z.boolean().optional(),
    /** Whether it masks secrets in what it sends: only such a machine is given any. */
    masks_secrets: z.boolean().optional(),
    /** What its sandbox may take, where there is one. */
    limits: sandboxLimits.optional(),
    /** What it has started, where it is `ready`. */
    services: services.optional(),
  }),
  /** A line for the environment's log. */
  z.object({ type: z.literal("log"), line: z.string().max(2_000) }),
  /** An image is built or fetched, or no longer. */
  z.object({ type: z.literal("building"), building: z.boolean() }),
  z.object({ type: z.literal("ready"), services: services.optional(), limits: sandboxLimits.optional() }),
  z.object({ type: z.literal("failed"), reason: z.string().max(4_000) }),
  /** The machine has the command, and starts it. */
  z.object({ type: z.literal("taken"), id: z.string() }),
  /** Output in base64; `offset` is where it begins in its stream. */
  z.object({ type: z.literal("output"), id: z.string(), stream, offset: count, data: z.base64() }),
  /** So many bytes of the command's input were read or are no longer wanted. */
  z.object({ type: z.literal("input_taken"), id: z.string(), bytes: count }),
  /** Sent again on each connection until it is `noted`. */
  z.object({
    type: z.literal("ended"),
    id: z.string(),
    ending: z.discriminatedUnion("status", [
      z.object({ status: z.literal("exited"), exit_code: z.int(), produced }),
      z.object({ status: z.literal(["timed_out", "killed"]), produced }),
      z.object({ status: z.literal("lost"), reason: z.string() }),
    ]),
  }),
]);

export type MachineMessage = z.output<typeof machineMessage>;

export const environmentMessage = z.discriminatedUnion("type", [
  /** The answer to a `new` machine: what to set up. The archive is at `…/archive` beside the connection. */
  z.object({
    type: z.literal("open"),
    /** `root`: the folder of the archive, `name/`, that is taken away. */
    archive: z.object({ sha256: z.string(), size: count, root: z.string().default("") }),
    withheld_paths: z.array(z.string()),
    /** What the task asks of its container; null where it asks for none. */
    container: containerTask.nullable().default(null),
    /** What is to be started beside it, and waited for; null where there is nothing. */
    services: taskServices.nullable().default(null),
    provision: script,
    teardown: script,
    /** Secrets: variables of commands and scripts, whose values are masked in all that is sent of their output. */
    secrets: z.record(z.string(), z.string()).default({}),
  }),
  /** The answer to a `ready` machine: how much of the output of each running command is stored. */
  z.object({
    type: z.literal("resume"),
    commands: z.array(z.object({ id: z.string(), stdout: count, stderr: count })),
  }),
  /** Starts a command; one that is known under its id already is not started again. `input`: more input follows. */
  z.object({
    type: z.literal("start"),
    id: z.string(),
    command: z.string(),
    cwd: z.string(),
    env: z.record(z.string(), z.string()),
    /** Variables besides, whose values may name those of the machine that its operator allows. */
    machine_env: z.record(z.string(), z.string()).default({}),
    /** Whom it runs as, in a container; the sandbox's own user when left out. */
    user: z.string().optional(),
    stdin: z.base64(),
    input: z.boolean(),
    seconds: z.number(),
    output_bytes: z.number(),
    /** Whether `stdout` and `stderr` are told apart; else both are `stdout`, in the order in which they are written. */
    separate_output: z.boolean().default(true),
    /** The size of the terminal that it gets; its output is all `stdout` then. */
    tty: z.object(size).optional(),
    /** Whether it has the secrets. Operations on files have none, and bytes of files are not masked. */
    has_secrets: z.boolean().default(false),
  }),
  /** Input that follows. `offset` is where it begins in all of it: sent again after a break, it is read once. */
  z.object({ type: z.literal("input"), id: z.string(), offset: count.optional(), data: z.base64(), end: z.boolean() }),
  z.object({ type: z.literal("resize"), id: z.string(), ...size }),
  z.object({ type: z.literal("kill"), id: z.string() }),
  /** So many bytes of the stream are stored. */
  z.object({ type: z.literal("stored"), id: z.string(), stream, bytes: count }),
  /** The command's end is stored: it can be forgotten. */
  z.object({ type: z.literal("noted"), id: z.string() }),
]);

export type EnvironmentMessage = z.output<typeof environmentMessage>;
