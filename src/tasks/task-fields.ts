import { z } from "@hono/zod-openapi";
import {
  booleanField,
  choiceField,
  integerField,
  jsonField,
  listField,
  refuseField,
  textField,
} from "../http/agent-api/agent-fields.ts";
import { findSchemaProblem, type OutputSchema } from "./json-schema.ts";
import { checkRuntime, runOptionFields, textItem } from "../runs/model/run-options.ts";

/** `origin_product` values of all eras (agent-tasks 3.2). */
export const ORIGIN_PRODUCTS = [
  "error_tracking",
  "eval_clusters",
  "user_created",
  "slack",
  "support_queue",
  "session_summaries",
  "signal_report",
  "automation",
  "onboarding",
  "posthog_ai",
  "experiments",
  "signals_scout",
  "scout_suggestions",
  "support_reply",
  "hogdesk",
  "review_hog",
  "image_builder",
  "loop",
  "mcp_analytics",
  "signals_chat",
  "task_analysis",
  "workflow",
] as const;

const REPOSITORY_MAX_LENGTH = 255;
const REPOSITORIES_MAX = 10;
/** Characters; with the other long fields a task's row stays below D1's 2 MB. */
const CI_PROMPT_MAX_LENGTH = 100_000;
/** Ids in one request for summaries (section 9). */
const SUMMARIES_MAX_IDS = 5_000;

const refusal = (code: string, message: string) => ({ code: "custom" as const, message, params: { code } });

/** `organization/repository` in lower case; blank counts as none (3.2). */
const repository = textField({ max: REPOSITORY_MAX_LENGTH, blank: true, nullable: true }).transform(
  (text, context): string | null | undefined => {
    if (!text) return text === "" ? null : text;
    const parts = text.split("/");
    if (parts.length === 2 && parts.every((part) => part.trim() !== "")) return text.toLowerCase();
    return refuseField(context, "invalid_input", "Repository must be in the format organization/repository");
  },
);

/** There are no integrations here, so none exists. */
const githubIntegration = integerField({ nullable: true }).superRefine((id, context) => {
  if (typeof id !== "number") return;
  context.addIssue(refusal("does_not_exist", `Invalid pk "${id}" - object does not exist.`));
});

const jsonSchema = jsonField({ nullable: true }).transform((value, context): OutputSchema | null | undefined => {
  if (value === undefined || value === null) return value;
  const problem = findSchemaProblem(value);
  if (problem !== undefined) return refuseField(context, "invalid_input", `Not a usable JSON Schema: ${problem}`);
  return value;
});

const taskFields = {
  title: textField({ max: 255, blank: true }),
  title_manually_set: booleanField({}),
  description: textField({ blank: true }),
  origin_product: choiceField(ORIGIN_PRODUCTS, {}),
  repository,
  github_integration: githubIntegration,
  json_schema: jsonSchema,
  internal: booleanField({}),
  archived: booleanField({}),
  ci_prompt: textField({ max: CI_PROMPT_MAX_LENGTH, blank: true, nullable: true }),
};

/** The body of PATCH and PUT (3.3); absent fields stay as they are. */
export const taskChange = z.object(taskFields).openapi("AgentTaskChange");
export type TaskChange = z.output<typeof taskChange>;

/** The body of `POST …/tasks` (3.2). What only other products read is checked and left at that. */
export const newTask = z
  .object({
    ...taskFields,
    ...runOptionFields,
    repositories: listField({ max: REPOSITORIES_MAX }, textItem(REPOSITORY_MAX_LENGTH)),
    runtime: choiceField(["acp", "pi"], {}),
    start_run: booleanField({}),
  })
  .superRefine(checkRuntime)
  .openapi("NewAgentTask");
export type NewTask = z.output<typeof newTask>;

/** The body of `POST …/tasks/summaries` (section 9). */
export const summariesRequest = z
  .object({
    ids: listField({ required: true, max: SUMMARIES_MAX_IDS }, (value, context, index) => {
      const { success, data } = z.guid().safeParse(value);
      if (success) return data.toLowerCase();
      context.addIssue({ ...refusal("invalid_input", "Must be a valid UUID."), path: [index] });
      return z.NEVER;
    }).superRefine((ids, context) => {
      if (ids?.length === 0) context.addIssue(refusal("empty", "This list may not be empty."));
    }),
  })
  .openapi("AgentTaskSummariesRequest");
