import { z } from "@hono/zod-openapi";
import { ociErrorPayload, renderOciError } from "./oci-errors.ts";
import {
  type ApiError,
  ERROR_STATUSES,
  type ErrorCode,
  type ErrorStatus,
  errorRow,
  REGISTRY_ERROR_TYPES,
} from "./error-table.ts";

/**
 * The API families and how each shows an error: registry and environments `{code, detail, type, errors}` (A7), container
 * tools at `/v2/` `{errors: [{code, message, detail}]}` (OCI distribution), agent tasks `{type, code, detail, attr}` (1.3a)
 * but their event stream `{error}` (9), workflow files `{detail}`.
 */
export type Family = "registry" | "oci" | "agent-tasks" | "agent-events" | "workflow-files";

/** Agent tasks' paths, known or not: they have bodies of their own, and are matched in a way of their own. */
export const AGENT_PATHS = /^\/api\/(projects|environments|users|personal_api_keys)(\/|$)/;
const OCI_PATHS = /^\/v2(\/|$)/;
const WORKFLOW_PATHS = /^\/(tasks|files|core)(\/|$)/;

/** The family that a path, known or not, belongs to; an operation may have its errors told otherwise (`errorFamily`). */
export function familyOfPath(path: string): Family {
  if (AGENT_PATHS.test(path)) return "agent-tasks";
  if (OCI_PATHS.test(path)) return "oci";
  if (WORKFLOW_PATHS.test(path)) return "workflow-files";
  return "registry";
}

/** The error body of the registry and environments (A7, "Canonical API error envelope"). */
const apiErrorPayload = z
  .object({
    // The document would have the first of a literal's values alone.
    code: z
      .literal([...ERROR_STATUSES])
      .openapi({ type: "integer", enum: [...ERROR_STATUSES], description: "HTTP status code" }),
    detail: z.string().openapi({ description: "What went wrong and what to do, for people" }),
    type: z.enum(REGISTRY_ERROR_TYPES).openapi({ description: "Stable machine-readable error type" }),
    errors: z
      .array(z.object({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() }))
      .nullish()
      .openapi({ description: "One item per problem: where it is, what it is, and its machine-readable type" }),
  })
  .openapi("APIErrorPayload");

/** The framework envelope of agent tasks (agent-tasks 1.3a). */
const agentErrorPayload = z
  .object({ type: z.string(), code: z.string(), detail: z.string(), attr: z.string().nullable() })
  .openapi("AgentErrorPayload");

/** The bare bodies of agent tasks (1.3b, c). */
const agentBareErrorPayload = z
  .union([z.object({ error: z.string() }), z.object({ detail: z.string() })])
  .openapi("AgentBareErrorPayload");

/** The error body of event_stream (9). */
const agentEventsErrorPayload = z
  .object({
    error: z.string(),
    last_accepted_seq: z.int().optional().openapi({ description: "The number of the last event that is stored" }),
  })
  .openapi("AgentEventsErrorPayload");

/** The error body of workflow task files. */
const workflowErrorPayload = z.object({ detail: z.string() }).openapi("WorkflowErrorPayload");

export const ERROR_SCHEMAS = {
  registry: apiErrorPayload,
  oci: ociErrorPayload,
  "agent-tasks": z.union([agentErrorPayload, agentBareErrorPayload]),
  "agent-events": agentEventsErrorPayload,
  "workflow-files": workflowErrorPayload,
} satisfies Record<Family, z.ZodType>;

/** Codes of validation that agent clients know (1.3a); whatever else a validator says is `invalid_input` to them. */
const AGENT_FIELD_CODES = new Set(
  "required null blank empty max_length min_value max_value invalid_choice does_not_exist not_a_dict not_a_list".split(
    " ",
  ),
);

function agentBody(shape: ReturnType<typeof errorRow>["agent"], error: ApiError): object {
  if ("only" in shape) return { [shape.only]: error.message, ...error.bareFields };
  const [first] = error.errors ?? [];
  if (!first) return { type: shape.type, code: shape.code, detail: error.message, attr: null };
  const attr = first.loc.slice(1).join("__");
  return {
    type: shape.type,
    code: AGENT_FIELD_CODES.has(first.type) ? first.type : "invalid_input",
    detail: first.msg,
    attr: attr === "" ? null : attr,
  };
}

/** The five texts of 401 that clients of workflow files tell apart (workflow-files, "Auth"). */
const WORKFLOW_KEY_DETAILS: Partial<Record<ErrorCode, string>> = {
  key_required: "API key required",
  key_invalid: "Invalid API key",
  key_inactive: "API key is inactive",
  key_revoked: "API key has been revoked",
  key_expired: "API key has expired",
};

/** Status and body of an error as its family sends it. */
export function renderError(family: Family, error: ApiError): { status: ErrorStatus; body: object } {
  const row = errorRow(error.code);
  switch (family) {
    case "registry":
      return {
        status: row.status,
        body: {
          code: row.status,
          detail: error.message,
          type: row.type,
          ...(error.errors && { errors: error.errors }),
        },
      };
    case "oci":
      return renderOciError(error);
    case "agent-tasks":
      return { status: row.agent.status ?? row.status, body: agentBody(row.agent, error) };
    case "agent-events":
      return { status: row.agent.status ?? row.status, body: { error: error.message, ...error.bareFields } };
    case "workflow-files":
      return { status: row.status, body: { detail: WORKFLOW_KEY_DETAILS[error.code] ?? error.message } };
  }
}
