import type { WorkKind } from "./pool-protocol.ts";

/** A piece of work as its owner queues it. */
export interface Work {
  /** One attempt has one id; queued twice under it, it is there once. */
  id: string;
  kind: WorkKind;
  /** Labels that its runner has to have, all of them. */
  labels: readonly string[];
  /** What its runner has to be able to do (pool-protocol.ts), all of them. */
  capabilities: readonly string[];
  /** What its owner needs to find it again; no secrets. */
  reference: Readonly<Record<string, unknown>>;
}

/** What happens to a piece of work, as its owner is told: in this order, each at least once. */
export type WorkEvent =
  | { kind: "claimed"; runner: string }
  /** The runner has vanished or stopped, or never took the work up. */
  | { kind: "lost"; reason: string }
  /** The runner is through with it. */
  | { kind: "over" };

/** The other side of a kind of work: what is given to the runner that claims it, and who hears of it. */
export interface WorkOwner {
  /** What the runner is told, secrets among it; undefined when the work is no longer wanted. */
  admit(env: Cloudflare.Env, work: Work, runner: string): Promise<Record<string, unknown> | undefined>;
  /** Throws when the owner could not be reached; then it is tried again. */
  tell(env: Cloudflare.Env, work: Work, event: WorkEvent): Promise<void>;
}

/** Who stands behind each kind of work. */
export type WorkOwners = Readonly<Record<WorkKind, WorkOwner>>;
