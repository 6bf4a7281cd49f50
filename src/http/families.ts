import { z } from "@hono/zod-openapi";
import { type ApiError, ERROR_STATUSES, type ErrorStatus, errorRow, REGISTRY_ERROR_TYPES } from "./errors.ts";

/**
 * The three API families and how each shows an error: registry and environments `{code, detail, type, errors}` (A7),
 * agent tasks `{type, code, detail, attr}` (1.3a), workflow files `{detail}`.
 */
export type Family = "registry" | "agent-tasks" | "workflow-files";

const AGENT_PATHS = /^\/api\/(projects|environments|users)(\/|$)/;
const WORKFLOW_PATHS = /^\/(tasks|files|core)(\/|$)/;

/** The family that answers for a path, known or not. */
export function familyOf(path: string): Family {
  if (AGENT_PATHS.test(path)) return "agent-tasks";
  if (WORKFLOW_PATHS.test(path)) return "workflow-files";
  return "registry";
}

/** The error body of the registry and environments (A7, "Canonical API error envelope"). */
const apiErrorPayload = z
  .object({
    code: z.literal([...ERROR_STATUSES]).openapi({ description: "HTTP status code" }),
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

/** The error body of workflow task files. */
const workflowErrorPayload = z.object({ detail: z.string() }).openapi("WorkflowErrorPayload");

export const ERROR_SCHEMAS = {
  registry: apiErrorPayload,
  "agent-tasks": agentErrorPayload,
  "workflow-files": workflowErrorPayload,
} satisfies Record<Family, z.ZodType>;

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
    case "agent-tasks": {
      const attr = error.errors?.[0]?.loc.slice(1).join("__");
      return {
        status: row.agent.status ?? row.status,
        body: {
          type: row.agent.type,
          code: row.agent.code,
          detail: error.errors?.[0]?.msg ?? error.message,
          attr: attr === undefined || attr === "" ? null : attr,
        },
      };
    }
    case "workflow-files":
      return { status: row.status, body: { detail: error.message } };
  }
}
