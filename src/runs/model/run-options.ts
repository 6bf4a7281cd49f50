import { z } from "@hono/zod-openapi";
import {
  booleanField,
  choiceField,
  isLonger,
  listField,
  textField,
  uuidField,
} from "../../http/agent-api/agent-fields.ts";
import { ApiError } from "../../http/errors/error-table.ts";

/**
 * How a run is to be started: the fields of `POST …/run` (agent-tasks 3.4), which `POST …/tasks` takes too (3.2) and
 * which end in the new run's `state`.
 */

export const MODES = ["interactive", "background"] as const;

/** What each adapter lets a session begin with (3.4 `initial_permission_mode`). */
const PERMISSION_MODES = {
  claude: ["default", "acceptEdits", "plan", "bypassPermissions", "auto"],
  codex: ["auto", "read-only", "full-access"],
} as const;
const ADAPTERS = ["claude", "codex"] as const;
const EFFORTS = ["low", "medium", "high", "xhigh", "max", "ultracode"] as const;
const ALL_PERMISSION_MODES = [...new Set([...PERMISSION_MODES.claude, ...PERMISSION_MODES.codex])];

/** Characters of one artifact's id (3.2). */
const ARTIFACT_ID_MAX_LENGTH = 128;
/** Ids in one request: more attachments than a prompt can use. */
const ARTIFACT_IDS_MAX = 100;
/** What a runner may be asked for (docs/runner.md): labels, and characters of each. */
const RUNNER_LABELS_MAX = 10;
const RUNNER_LABEL_MAX_LENGTH = 100;
/** Characters of a model's name and the like: they are identifiers, not texts. */
const NAME_MAX_LENGTH = 255;

/** One item of a list of texts; a refusal names its index. */
export function textItem(maxLength: number) {
  return (value: unknown, context: z.RefinementCtx, index: number): string => {
    const text = typeof value === "string" || typeof value === "number" ? String(value).trim() : undefined;
    const refuse = (code: string, message: string) => {
      context.addIssue({ code: "custom", message, params: { code }, path: [index] });
      return z.NEVER;
    };
    if (text === undefined) return refuse("invalid_input", "Not a valid string.");
    if (text === "") return refuse("blank", "This field may not be blank.");
    if (!isLonger(text, maxLength)) return text;
    return refuse("max_length", `Ensure this field has no more than ${maxLength} characters.`);
  };
}

export const runOptionFields = {
  mode: choiceField(MODES, {}),
  branch: textField({ max: 255, nullable: true }),
  pending_user_message: textField({ blank: true }),
  pending_user_artifact_ids: listField({ max: ARTIFACT_IDS_MAX }, textItem(ARTIFACT_ID_MAX_LENGTH)),
  sandbox_environment_id: uuidField({}),
  custom_image_id: uuidField({}),
  runtime_adapter: choiceField(ADAPTERS, {}),
  model: textField({ max: NAME_MAX_LENGTH }),
  reasoning_effort: choiceField(EFFORTS, {}),
  initial_permission_mode: choiceField(ALL_PERMISSION_MODES, {}),
  auto_publish: booleanField({ nullable: true }),
  run_source: textField({ max: NAME_MAX_LENGTH }),
  pr_authorship_mode: choiceField(["user", "bot"], {}),
  signal_report_id: textField({ max: NAME_MAX_LENGTH }),
  runner_labels: listField({ max: RUNNER_LABELS_MAX }, textItem(RUNNER_LABEL_MAX_LENGTH)),
};

const runOptions = z.object(runOptionFields);
export type RunOptions = z.output<typeof runOptions>;

/** Adapter and model are chosen together, and a permission mode is one of its adapter's (3.4). */
export function checkRuntime(options: RunOptions, context: z.RefinementCtx): void {
  const { runtime_adapter: adapter, model, reasoning_effort, initial_permission_mode: mode } = options;
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: "custom", message, params: { code: "invalid_input" }, path: [field] });
  if (adapter !== undefined || model !== undefined || reasoning_effort !== undefined) {
    for (const [field, value] of Object.entries({ runtime_adapter: adapter, model })) {
      if (value === undefined) refuse(field, "This field is required when a runtime is selected.");
    }
  }
  if (mode === undefined) return;
  if (adapter === undefined) return refuse("initial_permission_mode", "This field requires runtime_adapter.");
  if (PERMISSION_MODES[adapter].some((known) => known === mode)) return;
  refuse(
    "initial_permission_mode",
    `"${mode}" is not a mode of ${adapter}. Its modes: ${PERMISSION_MODES[adapter].join(", ")}.`,
  );
}

/** Refuses a sandbox environment (3.4): Taskyard has none. */
export function refuseSandboxEnvironment({ sandbox_environment_id }: RunOptions): void {
  if (sandbox_environment_id === undefined) return;
  throw new ApiError("reference_invalid", "Invalid sandbox_environment_id");
}

/** Refuses artifacts that a run cannot have because the task has no such files (3.4); none is no refusal. */
export function refuseUnknownArtifacts(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new ApiError("request_refused", "Some pending_user_artifact_ids are unknown", {
    bareFields: { missing_artifact_ids: missing },
  });
}

/** The `state` that a run begins with (3.4 "Effect"): its mode, and whatever else was given. */
export function toInitialState(options: RunOptions): Record<string, unknown> {
  const { mode = "background", branch: _branch, pending_user_message, ...others } = runOptions.parse(options);
  const given = Object.entries(others).filter(
    ([, value]) => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return { mode, ...(pending_user_message && { pending_user_message }), ...Object.fromEntries(given) };
}
