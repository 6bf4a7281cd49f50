/**
 * What a runner and its organization's pool say to each other over WebSocket (docs/runner.md): JSON texts both ways,
 * besides `ping` and `pong`. Both sides use this module; it imports nothing of either.
 */
import { z } from "zod";

/** Goes up when a runner of the former one would no longer understand. */
export const POOL_PROTOCOL = 1;

export const PING = "ping";
export const PONG = "pong";

/** Characters of a message from a runner: a hello with as many holdings as a runner has slots. */
export const POOL_MESSAGE_MAX_LENGTH = 256 * 1024;

/** Why the pool closes a runner's connection. */
export const POOL_CLOSE_CODES = {
  /** What the runner sent is none of these messages, or of another protocol: it is to be mended or brought up to date. */
  malformed: 4001,
  /** Nothing came from the runner for as long as its lease: it connects again, what it held is lost. */
  expired: 4002,
  /** A newer connection of the same runner took the place of this one. */
  replaced: 4003,
  /** The key that opened the connection is good no more: the runner is to be given another one. */
  accessEnded: 4004,
} as const;

/** What a pool has to give: an environment to provision and keep, or a run for an agent to do. */
export const WORK_KINDS = ["environment", "run"] as const;

export const workKind = z.literal(WORK_KINDS);

export type WorkKind = z.output<typeof workKind>;

/** Slots of one runner at most, and labels of a runner or a piece of work. */
const MAX_SLOTS = 1_000;
export const MAX_LABELS = 50;

/** A word that a piece of work asks for and a runner has, such as `gpu`. */
export const label = z
  .string()
  .regex(/^[\w.:-]{1,100}$/, "must be letters, digits, and . _ : -, at most 100 characters");

/**
 * What a task may need of its runner that no operator names: the runner finds it out. `container`: an engine that runs a
 * task's own image; `compose`: several services beside each other.
 */
export const CAPABILITIES = ["container", "compose"] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** Names one piece of work of an organization. */
const workId = z.string().min(1).max(200);

export const runnerMessage = z.discriminatedUnion("type", [
  /** First. `runner_id` is drawn when the runner starts; `holds` is the work that it has in hand, after a reconnect. */
  z.object({
    type: z.literal("hello"),
    protocol: z.literal(POOL_PROTOCOL),
    runner_id: z.uuid(),
    name: z.string().min(1).max(100),
    slots: z.int().min(0).max(MAX_SLOTS),
    labels: z.array(label).max(MAX_LABELS),
    capabilities: z.array(label).max(MAX_LABELS).default([]),
    kinds: z.array(workKind),
    holds: z.array(workId).max(MAX_SLOTS),
  }),
  /** Asks for work that was offered. */
  z.object({ type: z.literal("claim"), work_id: workId }),
  /** The work is over, however it went: its owner knows how. */
  z.object({ type: z.literal("done"), work_id: workId }),
  /** The runner stops, and does not go on with the work. */
  z.object({ type: z.literal("give_back"), work_id: workId, reason: z.string().max(1_000) }),
  /** How many pieces of work it takes at a time from now on; 0 when it is about to stop. */
  z.object({ type: z.literal("slots"), slots: z.int().min(0).max(MAX_SLOTS) }),
]);

export type RunnerMessage = z.output<typeof runnerMessage>;

export const poolMessage = z.discriminatedUnion("type", [
  /** The answer to hello. A runner sends a `ping` every `ping_seconds`; `gone` is what it holds and no longer has. */
  z.object({
    type: z.literal("welcome"),
    lease_seconds: z.number(),
    ping_seconds: z.number(),
    gone: z.array(z.string()),
  }),
  /** Work that the runner could do; others may have the same offer. */
  z.object({ type: z.literal("offer"), work_id: z.string(), kind: workKind }),
  /** The work is the runner's. */
  z.object({ type: z.literal("grant"), work_id: z.string(), kind: workKind, details: z.unknown() }),
  /** The work is somebody else's by now, or gone. */
  z.object({ type: z.literal("taken"), work_id: z.string() }),
  /** The work is no longer wanted, or no longer the runner's: it stops. */
  z.object({ type: z.literal("revoke"), work_id: z.string(), reason: z.string() }),
]);

export type PoolMessage = z.output<typeof poolMessage>;
