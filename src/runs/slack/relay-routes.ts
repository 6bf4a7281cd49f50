import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { listField, refuseField, textField } from "../../http/agent-api/agent-fields.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { logFailure } from "../../http/request-log.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { queueRelay } from "./relay.ts";
import { RUN_PATH, readRun, runPath } from "../access/run-path.ts";

/** Characters of `text` (agent-tasks 8.3). */
const TEXT_MAX_LENGTH = 10_000;
/** Characters of all parts together: Slack cuts messages there. */
const MESSAGE_MAX_LENGTH = 40_000;
const PARTS_MAX_COUNT = 100;
/** Characters of what names a message elsewhere; Slack's metadata has room for them. */
const ID_MAX_LENGTH = 255;

const textParts = listField({ max: PARTS_MAX_COUNT }, (part, context) =>
  typeof part === "string" ? part.trim() : refuseField(context, "invalid_input", "Not a valid string."),
);

const relayBody = z
  .object({
    text: textField({ required: true, max: TEXT_MAX_LENGTH }),
    text_parts: textParts,
    message_id: textField({ nullable: true, blank: true, max: ID_MAX_LENGTH }),
    trace_id: textField({ nullable: true, blank: true, max: ID_MAX_LENGTH }),
  })
  .transform(({ text, text_parts: parts = [], message_id, trace_id }, context) => {
    const message = parts.length === 0 ? text : parts.filter((part) => part !== "").join("\n\n");
    if (message.length > MESSAGE_MAX_LENGTH) {
      const problem = `Ensure the parts have no more than ${MESSAGE_MAX_LENGTH} characters together.`;
      context.addIssue({ code: "custom", path: ["text_parts"], message: problem, params: { code: "max_length" } });
      return z.NEVER;
    }
    return { message, details: { ...(message_id && { message_id }), ...(trace_id && { trace_id }) } };
  })
  .openapi("RelayMessage");

const relayAnswer = z
  .object({
    status: z.enum(["accepted", "skipped"]),
    relay_id: z.uuid().optional().openapi({ description: "Of an accepted message: the id of what posts it" }),
  })
  .openapi("RelayAnswer");

const relayMessage = operation({
  method: "post",
  path: `${RUN_PATH}/relay_message`,
  operationId: "relayRunMessage",
  tags: ["Agent runs"],
  summary: "Post an agent's message to the Slack thread of its run",
  description:
    "Accepted messages are posted in the background, with retries. Skipped when neither run nor task is mapped to a " +
    "thread, when the run has ended, when there is nothing to say, or when the server has no Slack token. `text_parts`, " +
    "where there are some, are posted instead of `text`, as one message.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: ["not_found", "unavailable"],
  request: {
    params: runPath,
    body: {
      required: true,
      content: { "application/json": { schema: relayBody, example: { text: "The tests pass now." } } },
    },
  },
  responses: {
    200: {
      description: "Accepted or skipped",
      content: {
        "application/json": {
          schema: relayAnswer,
          examples: {
            accepted: { value: { status: "accepted", relay_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be1a1" } },
            skipped: { value: { status: "skipped" } },
          },
        },
      },
    },
  },
});

/** Messages of agents to people in Slack (agent-tasks 8.3). */
export function relayRoutes(): Router {
  const routes = newRouter();

  routes.openapi(relayMessage, async (c) => {
    const { message, details } = c.req.valid("json");
    const run = await readRun(c, c.req.valid("param"));
    const relayId = await queueRelay(c.env, run, message, details).catch((error: unknown) => {
      logFailure(c, error);
      throw new ApiError("unavailable", "Failed to queue Slack relay");
    });
    if (relayId === undefined) return c.json({ status: "skipped" as const }, 200);
    return c.json({ status: "accepted" as const, relay_id: relayId }, 200);
  });

  return routes;
}
