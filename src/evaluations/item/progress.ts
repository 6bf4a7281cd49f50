import type { EndReason } from "../model/end-reason.ts";
import { beginTry, type TryPlan, type TryState } from "../model/plan.ts";

/**
 * What a try does next. Each step may be begun again after the object was lost in it: what it makes has ids that follow from
 * the item and the try, and what it has done is stored before the next one begins.
 */
export type Step =
  | "claim"
  | "provision"
  | "start_agent"
  | "agent"
  | "measure"
  | "verify"
  | "collect"
  | "clean"
  | "over";

/** How far the output of an agent inside of the environment was taken into its run. */
export interface Taken {
  /** Bytes of the output that were read, and events that the run has. */
  offset: number;
  events: number;
  /** The beginning of a line whose end has not come, in base64. */
  rest: string;
}

/** How the agent has ended. */
export interface AgentEnd {
  timedOut: boolean;
  failed: boolean;
  /** In words, where it failed. */
  message: string | null;
}

/** A try as the item's object keeps it. */
export interface Progress {
  plan: TryPlan;
  state: TryState;
  step: Step;
  /** Counts the changes of `state`, and which of them the evaluation has. */
  version: number;
  reported: number;
  /** Why the try is to be stopped. */
  cancelled: "user" | "budget" | null;
  /** How the try ends, once that is known: what follows is clearing away. */
  ending: { reason: EndReason; error: string | null } | null;
  /** SHA-256 in hex of the environment's token, and the token that an agent outside is given. */
  tokenHash: string | null;
  agentToken: string | null;
  /** When the agent's time is up, in milliseconds since 1970; null before it works. */
  agentDeadline: number | null;
  agentEnd: AgentEnd | null;
  taken: Taken;
  /** Whether the tests are in the environment. */
  isPrepared: boolean;
  /** Failures of the server in a row, and how often it was asked for a place in vain. */
  failures: number;
  refusals: number;
}

export function beginProgress(plan: TryPlan, now: number): Progress {
  return {
    plan,
    state: beginTry(now),
    step: "claim",
    version: 0,
    reported: 0,
    cancelled: null,
    ending: null,
    tokenHash: null,
    agentToken: null,
    agentDeadline: null,
    agentEnd: null,
    taken: { offset: 0, events: 0, rest: "" },
    isPrepared: false,
    failures: 0,
    refusals: 0,
  };
}

/** What a step brought: what has changed and where to go on, or how long to wait until it is begun again. */
export type Outcome =
  | { next: Step; change?: Partial<Omit<Progress, "state" | "step">>; state?: Partial<TryState> }
  /** The try ends: so it is cleared away. */
  | { end: EndReason; error?: string | null; state?: Partial<TryState> }
  /** Begin the step again after so many milliseconds, or when somebody rings. */
  | { wait: number; change?: Partial<Omit<Progress, "state" | "step">>; state?: Partial<TryState> };
