import { z } from "zod";
import type { HarborSettings } from "../../db/harbor-settings.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { TESTS_FOLDER } from "../../registry/manifest/harbor.ts";
import { namesMachineVariable } from "../../sandbox/container-task.ts";
import { PublishedFiles, type TaskContext } from "./published-files.ts";
import { type Check, type CheckCommand, type Machine, type Outcome, PASS_THRESHOLD, variablesOf } from "./check.ts";
import type { EnvironmentRow } from "../object/environment-record.ts";

/**
 * Verification of a task in Harbor's format (evaluations 3): `tests/` is copied to `/tests` as it was published, its
 * `test.sh` is run, and what it writes to `/logs/verifier` is the reward. Its exit code does not matter.
 */

const TESTS = "/tests";
const VERIFIER_LOGS = "/logs/verifier";

/** Seconds for what stands around the script. */
const STEP_SECONDS = 60;
const REWARD_MAX_BYTES = 100_000;

/** Nothing that was there before the verification is taken for a part or an outcome of it. */
const CLEAR = `rm -rf ${TESTS}/* ${TESTS}/.[!.]* ${VERIFIER_LOGS} && mkdir -p ${TESTS} ${VERIFIER_LOGS} && { chmod 777 ${TESTS} ${VERIFIER_LOGS} || true; }`;
const RUN = `chmod -R +x ${TESTS}; set -o pipefail; bash ${TESTS}/test.sh 2>&1 | tee ${VERIFIER_LOGS}/test-stdout.txt`;
const READ_REWARD = `for name in reward.json reward.txt; do
  if [ -f ${VERIFIER_LOGS}/$name ]; then echo $name; head -c ${REWARD_MAX_BYTES} ${VERIFIER_LOGS}/$name; break; fi
done`;

export function planHarborCheck(
  context: TaskContext,
  row: EnvironmentRow,
  { verifier }: HarborSettings,
  seconds: number,
  passThreshold = PASS_THRESHOLD,
): Check {
  const foreign = Object.values(verifier.env).find(namesMachineVariable);
  if (foreign !== undefined && row.provider !== "runner") {
    const msg = `The verification needs ${foreign} of a runner's machine: its environment has to be one of sandbox_provider 'runner'.`;
    throw new ApiError("invalid_request", msg);
  }
  const asUser = verifier.user === null ? {} : { user: verifier.user };
  return {
    method: "script",
    prepare: (machine) => copyTests(context, row, machine),
    command: commandOf(RUN, seconds, { ...variablesOf(verifier.env), ...asUser }),
    judge: (outcome, machine) => judge(outcome, machine, passThreshold),
  };
}

/** Whoever the agent was: what stands around the script reaches all that either has written. */
const ROOT = "root";

function commandOf(
  command: string,
  seconds = STEP_SECONDS,
  more: Partial<CheckCommand> = { user: ROOT },
): CheckCommand {
  return { command, env: {}, timeout_sec: seconds, separate_output: false, ...more };
}

async function copyTests(context: TaskContext, row: EnvironmentRow, machine: Machine): Promise<void> {
  const files = await PublishedFiles.open(context, row);
  const cleared = await machine.run(commandOf(CLEAR));
  if (cleared.exit_code !== 0) {
    throw new ApiError("sandbox_failed", `${TESTS} could not be made ready: ${cleared.output.slice(0, 500)}`);
  }
  await files.copy(TESTS_FOLDER, machine, TESTS);
}

async function judge(
  { status }: Outcome,
  machine: Machine,
  passThreshold: number,
): Promise<{ passed: boolean; reward: number | null; rewards: Record<string, number> | null }> {
  if (status !== "exited") return { passed: false, reward: null, rewards: null };
  const { output } = await machine.run(commandOf(READ_REWARD));
  const { reward, rewards } = readReward(output);
  return { passed: reward !== null && reward >= passThreshold, reward, rewards };
}

const rewardsSchema = z.record(z.string(), z.number());

/** The name of the file and what is in it; null where there is none, or no number. */
export function readReward(text: string): { reward: number | null; rewards: Record<string, number> | null } {
  const newline = text.indexOf("\n");
  const [name, content] = [text.slice(0, newline), text.slice(newline + 1).trim()];
  if (name === "reward.txt") {
    const reward = content === "" ? Number.NaN : Number(content);
    return { reward: Number.isFinite(reward) ? reward : null, rewards: null };
  }
  if (name !== "reward.json") return { reward: null, rewards: null };
  const rewards = rewardsSchema.safeParse(parseOrUndefined(content)).data ?? null;
  return { reward: rewards?.["reward"] ?? null, rewards };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
