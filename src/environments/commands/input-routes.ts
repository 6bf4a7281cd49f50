import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { configOf } from "../../http/context.ts";
import { operation } from "../../http/operation.ts";
import { readBytes } from "../../http/request-body.ts";
import { FRAME_MAX_BYTES } from "../terminals/terminal-messages.ts";
import { COMMAND_EXAMPLE, COMMAND_PATH, commandPath, commandResponse, terminalSize } from "./command-schemas.ts";
import { toCommand } from "./command-view.ts";
import { admitEvaluationAgent } from "../environment-agent.ts";
import { ACCESS_ERRORS, nameSandbox, tokenHeader, unwrap } from "../environment-access.ts";

const tags: ["Environments"] = ["Environments"];

const write = operation({
  method: "post",
  path: `${COMMAND_PATH}/stdin`,
  operationId: "writeEnvironmentCommandInput",
  tags,
  summary: "Write to the standard input of a command that keeps it open",
  description: `The raw bytes, ${FRAME_MAX_BYTES} at most; the command reads them as they come. With \`offset\` it is safe to repeat: what
has come before is left out. 409 with \`Retry-After\` where a megabyte waits for the command to read it.`,
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "invalid_request", "body_too_large"],
  request: {
    params: commandPath,
    headers: tokenHeader,
    query: z.object({
      writer: z
        .string()
        .regex(/^[\w-]{1,64}$/)
        .default("default")
        .openapi({ example: "default", description: "Who writes: each has offsets of its own" }),
      offset: z.coerce.number().int().min(0).optional().openapi({
        example: 0,
        description:
          "Where these bytes begin among all that this writer has sent; behind the last where nothing is said",
      }),
      end: z.stringbool().default(false).openapi({
        type: "boolean",
        example: false,
        description: "Whether the input ends behind them. Not for terminals, where the byte 4 (Ctrl-D) says so",
      }),
    }),
    body: { required: false, content: { "application/octet-stream": { schema: z.any() } } },
  },
  responses: {
    200: {
      description: "They are not lost any more",
      content: {
        "application/json": {
          schema: z
            .object({ offset: z.int().openapi({ description: "Bytes that have come of this writer" }) })
            .openapi("EnvironmentCommandInput"),
          example: { offset: 6 },
        },
      },
    },
  },
});

const resize = operation({
  method: "post",
  path: `${COMMAND_PATH}/resize`,
  operationId: "resizeEnvironmentCommandTerminal",
  tags,
  summary: "Change the size of a command's terminal",
  description: "Its programs hear of it by SIGWINCH.",
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: ACCESS_ERRORS,
  request: {
    params: commandPath,
    headers: tokenHeader,
    body: {
      required: true,
      content: { "application/json": { schema: terminalSize, example: { rows: 40, cols: 132 } } },
    },
  },
  responses: {
    200: {
      description: "The command",
      content: { "application/json": { schema: commandResponse, example: COMMAND_EXAMPLE } },
    },
  },
});

/** What is sent to commands while they run. */
export function commandInputRoutes(): Router {
  const routes = newRouter();

  routes.openapi(write, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { writer, offset, end } = c.req.valid("query");
    const bytes = await readBytes(c.req.raw, FRAME_MAX_BYTES, configOf(c));
    const writing = { writer: `http:${writer}`, offset, bytes, isLast: end };
    const written = unwrap(await handle.writeInput(access, c.req.valid("param").command_id, writing));
    return c.json({ offset: written.offset }, 200);
  });

  routes.openapi(resize, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { command } = unwrap(await handle.resize(access, c.req.valid("param").command_id, c.req.valid("json")));
    return c.json(toCommand(command), 200);
  });
  return routes;
}
