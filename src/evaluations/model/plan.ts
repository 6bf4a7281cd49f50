import type { Caller } from "../../auth/caller.ts";
import type { SandboxKind } from "../../sandbox/port.ts";
import type { EndReason } from "./end-reason.ts";
import type { ItemStatus, ItemUsage } from "../statistics/item-result.ts";

/** What an evaluation is to do, as it was fixed when it was made: nothing of it changes later. */

/** For whom it works: whoever made it, without the key, which may end before the evaluation does. */
export type Creator = Caller;

/** One task of the evaluation with the values of its instruction's placeholders. */
export interface PlannedTask {
  /** `org/name@version`: which version it was is fixed. */
  ref: string;
  organizationKey: string;
  name: string;
  version: string;
  inputs: Record<string, unknown>;
  /** Seconds of the agent and of the verifier. */
  agentSeconds: number;
  verifierSeconds: number;
  /** Seconds until the environment is ready. */
  provisionSeconds: number;
  passThreshold: number;
  timeoutsMayPass: boolean;
}

/** Who does the tasks. */
export type AgentPlan =
  /** Runs the task's own solution, or does nothing. */
  | { kind: "oracle" | "nop" }
  /** A command in the environment itself. */
  | { kind: "inside"; command: string; env: Record<string, string> }
  /** The agent of a runner, outside of the environment, which it reaches over the API. */
  | { kind: "outside"; command: string | null; env: Record<string, string>; labels: string[] };

/** What the object of an item is given for one try. */
export interface TryPlan {
  evaluationId: string;
  itemId: string;
  /** From 1. */
  tryNumber: number;
  creator: Creator;
  workspaceKey: string;
  project: { id: string; number: number };
  /** The agent task whose runs are the attempts at this task. */
  agentTaskId: string;
  task: PlannedTask;
  agent: AgentPlan;
  model: string;
  provider: SandboxKind | null;
  secretIds: string[];
  /** Whether the environment of a try that does not pass stays until its time is up. */
  keepsFailed: boolean;
}

/** How a try stands, as the item's object tells the evaluation. Times are milliseconds since 1970. */
export interface TryState {
  status: ItemStatus;
  endReason: EndReason | null;
  error: string | null;
  environmentId: string | null;
  runId: string | null;
  reward: number | null;
  rewards: Record<string, number> | null;
  startedAt: number;
  /** When the environment was ready and the agent began, when it had ended, and when all was over. */
  agentStartedAt: number | null;
  agentFinishedAt: number | null;
  verifyStartedAt: number | null;
  completedAt: number | null;
  usage: ItemUsage | null;
}

/** A try that has not begun yet. */
export function beginTry(now: number): TryState {
  return {
    status: "claiming",
    endReason: null,
    error: null,
    environmentId: null,
    runId: null,
    reward: null,
    rewards: null,
    startedAt: now,
    agentStartedAt: null,
    agentFinishedAt: null,
    verifyStartedAt: null,
    completedAt: null,
    usage: null,
  };
}
