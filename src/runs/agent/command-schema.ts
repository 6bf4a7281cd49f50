import { z } from "@hono/zod-openapi";
import { choiceField, objectField, refuseField } from "../../http/agent-api/agent-fields.ts";
import type { AgentCommand } from "../protocol/command-outcome.ts";

/** What agents' servers can be told (agent-tasks 8.1); the later methods of other servers are not among them. */
const METHODS = ["user_message", "cancel", "close", "permission_response", "set_config_option"] as const;

const text = z.string().trim().min(1);

/** Parameters that a method cannot do without. */
const REQUIRED_PARAMS: Record<(typeof METHODS)[number], Record<string, z.ZodType>> = {
  user_message: { content: text },
  cancel: {},
  close: {},
  permission_response: { requestId: text, optionId: text },
  set_config_option: { configId: text, value: z.union([text, z.boolean()]) },
};

const commandId = z
  .unknown()
  .transform((id, context) =>
    id === undefined || id === null || typeof id === "string" || typeof id === "number"
      ? (id ?? null)
      : refuseField(context, "invalid_input", "id must be a string or number"),
  )
  .openapi({ type: ["string", "number", "null"] });

/** The body of `command` (8.1). */
export const commandBody = z
  .object({
    jsonrpc: choiceField(["2.0"], { required: true }),
    method: choiceField(METHODS, { required: true }),
    params: objectField({}),
    id: commandId.optional(),
  })
  .transform(({ method, params = {}, id = null }, context): AgentCommand => {
    for (const [name, required] of Object.entries(REQUIRED_PARAMS[method])) {
      if (required.safeParse(params[name]).success) continue;
      const message = `${name} is required and must be a non-empty string`;
      context.addIssue({ code: "custom", path: ["params"], message, params: { code: "invalid_input" } });
      return z.NEVER;
    }
    return { method, params, id };
  })
  .openapi("AgentCommand");

/** An agent's own answer, passed on unchanged. */
export const commandAnswer = z
  .object({
    jsonrpc: z.string().optional(),
    id: z.union([z.string(), z.number(), z.null()]).optional(),
    result: z.unknown().optional(),
    error: z.unknown().optional(),
  })
  .openapi("AgentCommandAnswer");
