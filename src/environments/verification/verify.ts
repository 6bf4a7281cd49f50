import { createHash } from "node:crypto";
import { z } from "zod";
import { equalSecrets } from "../../auth/api-keys.ts";
import { connect } from "../../db/client.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { findDetail } from "../../registry/read/published-store.ts";
import { resolveInside } from "../../compose/archive-path.ts";
import { VERIFICATION_MAX_SECONDS, VERIFICATION_SCRIPT_MAX_BYTES } from "../../registry/manifest/manifest-scripts.ts";
import { type Check, type Judgement } from "./check.ts";
import type { EnvironmentRow } from "../object/environment-record.ts";
import { PublishedFiles, type TaskContext } from "./published-files.ts";
import { planHarborCheck } from "./verify-harbor.ts";

/** The block as publishing has stored it (registry/manifest/manifest-verification.ts). */
const stored = z.object({
  method: z.string(),
  timeout: z.number(),
  script: z.string().optional(),
  where: z.string().default("environment"),
  path: z.string().optional(),
  value: z.string().optional(),
  hash: z.string().optional(),
  pass_threshold: z.number().optional(),
});

type Verification = z.output<typeof stored>;

/**
 * How an environment's task is verified (A5): its script is run as it was published, whatever the environment has made of
 * the copy in its folder; of a flag the file is read. Throws `invalid_request` for what cannot be verified here.
 */
export async function planCheck(context: TaskContext, row: EnvironmentRow): Promise<Check> {
  if (row.verification === null) throw new ApiError("invalid_request", "The task has no verification.");
  const verification = stored.parse(row.verification);
  const { method, where, timeout, path } = verification;
  if (where === "agent") throw new ApiError("invalid_request", "This task is verified where its agent is, not here.");
  const timeout_sec = Math.min(timeout, VERIFICATION_MAX_SECONDS);
  const harbor = await findHarborSettings(context, row);
  if (harbor) return planHarborCheck(context, row, harbor, timeout_sec, verification.pass_threshold);
  if (verification.script !== undefined && method.startsWith("script")) {
    const script = await readScript(context, row, verification.script);
    return {
      method,
      command: {
        command: 'bash -c "$VERIFICATION_SCRIPT"',
        env: { VERIFICATION_SCRIPT: script },
        timeout_sec,
        separate_output: false,
      },
      judge: ({ status, exit_code }) => Promise.resolve(judgementOf(status === "exited" && exit_code === 0)),
    };
  }
  if (path !== undefined && method.startsWith("flag")) {
    return {
      method,
      command: { command: 'cat "$FLAG_PATH"', env: { FLAG_PATH: path }, timeout_sec, separate_output: true },
      judge: async ({ exit_code, stdout }) =>
        judgementOf(exit_code === 0 && (await isFlag(verification, stdout.trim()))),
    };
  }
  throw new ApiError("invalid_request", "This task is verified by a judge alone, which Taskyard does not run.");
}

function judgementOf(passed: boolean): Judgement {
  return { passed, reward: passed ? 1 : 0, rewards: null };
}

/** What a task in Harbor's format has settled; null for one of task.yaml, and for one that is no longer published. */
async function findHarborSettings(
  { env, caller }: TaskContext,
  { taskOrganizationKey, taskName, taskVersion }: EnvironmentRow,
) {
  const task = { org: taskOrganizationKey, name: taskName };
  const detail = await findDetail(connect(env.DB), caller, task, { version: taskVersion });
  return detail?.version?.harbor ?? null;
}

async function isFlag({ value, hash }: Verification, found: string): Promise<boolean> {
  if (value !== undefined) return await equalSecrets(value.trim(), found);
  if (hash === undefined) return false;
  const [algorithm = "", digest = ""] = hash.includes(":") ? hash.split(":") : ["sha256", hash];
  return await equalSecrets(digest.toLowerCase(), createHash(algorithm).update(found).digest("hex"));
}

async function readScript(context: TaskContext, row: EnvironmentRow, name: string): Promise<string> {
  const files = await PublishedFiles.open(context, row);
  const script = await files.readText(resolveInside("", name) ?? name, VERIFICATION_SCRIPT_MAX_BYTES);
  if (script !== undefined) return script;
  throw new ApiError("invalid_request", `The verification script '${name}' is not there, or has more than 100 kB.`);
}
