import type { EndedStatus } from "./item-status.ts";

/** What an end means for the evaluation. */
interface Ending {
  status: EndedStatus;
  /** Whether it counts in the pass rate. */
  isCounted: boolean;
  /** Whether the item is tried again, up to `max_retries`: another try may end otherwise. */
  isRetried: boolean;
  /** For people (docs/evaluations.md has the table). */
  meaning: string;
}

const scored = (status: EndedStatus, meaning: string): Ending => ({
  status,
  isCounted: true,
  isRetried: false,
  meaning,
});

const infrastructure = (meaning: string): Ending => ({
  status: "infra_error",
  isCounted: false,
  isRetried: true,
  meaning,
});

const final = (ending: Ending): Ending => ({ ...ending, isRetried: false });

/** Every way in which a try ends (evaluations 2, the table of ends). There is no other. */
export const ENDINGS = {
  reward_reached: scored("passed", "The verifier's reward reaches the task's threshold."),
  timeout_passed: scored("passed", "The agent's time was up; the reward is enough, and the task lets time-outs pass."),
  reward_below: scored("failed", "The verifier's reward is below the task's threshold."),
  agent_failed: scored("failed", "The agent ended with a failure, and the reward is below the threshold."),
  agent_timeout: scored("timed_out", "The agent's time was up. What it had done was verified; the reward is kept."),
  verifier_no_reward: infrastructure("The verifier wrote no reward, or one that is no number."),
  verifier_timeout: infrastructure("The verifier's time was up."),
  verifier_failed: infrastructure("The verification could not be carried out."),
  provision_failed: infrastructure(
    "The environment could not be set up: its image, its scripts or its services failed.",
  ),
  provision_refused: final(infrastructure("This deployment cannot provide what the task asks for.")),
  sandbox_lost: infrastructure("The environment was lost while the agent or the verifier worked in it."),
  runner_lost: infrastructure("The runner that ran the agent was lost."),
  no_runner: infrastructure("No runner took the work in time."),
  capacity: infrastructure("There was no room for the environment in time."),
  archive_gone: final(infrastructure("The task's version is not published any more.")),
  server_error: infrastructure("The server failed, again and again."),
  user: { status: "cancelled", isCounted: false, isRetried: false, meaning: "Somebody cancelled the evaluation." },
  budget: { status: "cancelled", isCounted: false, isRetried: false, meaning: "The evaluation's budget was spent." },
} as const satisfies Record<string, Ending>;

export type EndReason = keyof typeof ENDINGS;

export const END_REASONS = Object.keys(ENDINGS).filter((reason): reason is EndReason => reason in ENDINGS);

export function endingOf(reason: EndReason): Ending {
  return ENDINGS[reason];
}

/** What is known of a try whose verification has spoken. */
export interface Verified {
  reward: number;
  /** The reward from which on the task passes. */
  passThreshold: number;
  agentTimedOut: boolean;
  /** Whether the task lets an agent pass whose time was up. */
  timeoutsMayPass: boolean;
  /** Whether the agent ended with a failure of its own. */
  agentFailed: boolean;
}

/** How a try ends that was verified. */
export function judge({ reward, passThreshold, agentTimedOut, timeoutsMayPass, agentFailed }: Verified): EndReason {
  const isEnough = reward >= passThreshold;
  if (agentTimedOut) return isEnough && timeoutsMayPass ? "timeout_passed" : "agent_timeout";
  if (isEnough) return "reward_reached";
  return agentFailed ? "agent_failed" : "reward_below";
}
