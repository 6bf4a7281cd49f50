import { z } from "zod";
import type { HarborSettings } from "../db/harbor-settings.ts";
import type { AppContext } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { placeOf } from "../registry/archive/archive-root.ts";
import { namesMachineVariable } from "../sandbox/container-task.ts";
import { TESTS_FOLDER } from "../registry/manifest/harbor.ts";
import { openArchive, requireArchive, whileThere } from "../registry/read/archive-reading.ts";
import { openEntry } from "../zip/read/entry-stream.ts";
import { type FileEntry, readEntries } from "../zip/read/entries.ts";
import type { Check, CheckCommand, Machine, Outcome } from "./check.ts";
import type { EnvironmentRow } from "./object/environment-record.ts";

/**
 * Verification of a task in Harbor's format (evaluations 3): `tests/` is copied to `/tests` as it was published, its
 * `test.sh` is run, and what it writes to `/logs/verifier` is the reward. Its exit code does not matter.
 */

const TESTS = "/tests";
const VERIFIER_LOGS = "/logs/verifier";

/** Files of `tests/` and their bytes that are copied. */
const MAX_FILES = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** Files that are copied at the same time. */
const PARALLEL = 4;

/** Seconds for what stands around the script. */
const STEP_SECONDS = 60;
const REWARD_MAX_BYTES = 100_000;

/** Nothing that was there before the verification is taken for a part or an outcome of it. */
const CLEAR = `rm -rf ${TESTS}/* ${TESTS}/.[!.]* ${VERIFIER_LOGS} && mkdir -p ${TESTS} ${VERIFIER_LOGS} && { chmod 777 ${TESTS} ${VERIFIER_LOGS} || true; }`;
const RUN = `chmod -R +x ${TESTS}; set -o pipefail; bash ${TESTS}/test.sh 2>&1 | tee ${VERIFIER_LOGS}/test-stdout.txt`;
const READ_REWARD = `for name in reward.json reward.txt; do
  if [ -f ${VERIFIER_LOGS}/$name ]; then echo $name; head -c ${REWARD_MAX_BYTES} ${VERIFIER_LOGS}/$name; break; fi
done`;

/** The task passes with this reward and more. */
const PASS_REWARD = 1;

export function planHarborCheck(
  c: AppContext,
  row: EnvironmentRow,
  { verifier }: HarborSettings,
  seconds: number,
): Check {
  const foreign = Object.values(verifier.env).find(namesMachineVariable);
  if (foreign !== undefined && row.provider !== "runner") {
    const msg = `The verification needs ${foreign} of a runner's machine: its environment has to be one of sandbox_provider 'runner'.`;
    throw new ApiError("invalid_request", msg);
  }
  const variables = foreign === undefined ? { env: verifier.env } : { machine_env: verifier.env };
  const asUser = verifier.user === null ? {} : { user: verifier.user };
  return {
    method: "script",
    prepare: (machine) => copyTests(c, row, machine),
    command: commandOf(RUN, seconds, { ...variables, ...asUser }),
    judge: (outcome, machine) => judge(outcome, machine),
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

async function copyTests(c: AppContext, row: EnvironmentRow, machine: Machine): Promise<void> {
  const task = { org: row.taskOrganizationKey, name: row.taskName };
  const { version } = await requireArchive(c, task, { version: row.taskVersion });
  const source = openArchive(c, version);
  const entries = await whileThere(c, listTests(readEntries(source, placeOf(version))));
  const cleared = await machine.run(commandOf(CLEAR));
  if (cleared.exit_code !== 0) {
    throw new ApiError("sandbox_failed", `${TESTS} could not be made ready: ${cleared.output.slice(0, 500)}`);
  }
  for (let start = 0; start < entries.length; start += PARALLEL) {
    const copied = entries.slice(start, start + PARALLEL).map(async (entry) => {
      const stream = await whileThere(c, openEntry(source, entry));
      await machine.write(`${TESTS}/${entry.name.slice(TESTS_FOLDER.length)}`, stream, entry.size);
    });
    await Promise.all(copied);
  }
}

async function listTests(windows: AsyncIterable<FileEntry[]>): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  let bytes = 0;
  for await (const window of windows) {
    for (const entry of window) {
      if (!entry.name.startsWith(TESTS_FOLDER) || entry.name.endsWith("/")) continue;
      found.push(entry);
      bytes += entry.size;
    }
    if (found.length > MAX_FILES || bytes > MAX_BYTES) {
      const msg = `${TESTS_FOLDER} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes, which are not copied for a verification.`;
      throw new ApiError("invalid_request", msg);
    }
  }
  return found;
}

async function judge(
  { status }: Outcome,
  machine: Machine,
): Promise<{ passed: boolean; reward: number | null; rewards: Record<string, number> | null }> {
  if (status !== "exited") return { passed: false, reward: null, rewards: null };
  const { output } = await machine.run(commandOf(READ_REWARD));
  const { reward, rewards } = readReward(output);
  return { passed: reward !== null && reward >= PASS_REWARD, reward, rewards };
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
