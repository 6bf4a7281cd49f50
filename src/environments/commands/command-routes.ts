import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { NO_STORE } from "../../admin/access.ts";
import { admitEvaluationAgent } from "../environment-agent.ts";
import { operation } from "../../http/operation.ts";
import { withWatchedKey } from "../../http/watched-key.ts";
import {
  COMMAND_EXAMPLE,
  COMMAND_PATH,
  commandList,
  commandPath,
  commandResponse,
  type CommandResponse,
  COMMANDS_PATH,
} from "./command-schemas.ts";
import { KEY_ENDED } from "./command-following.ts";
import { toCommand } from "./command-view.ts";
import { ACCESS_ERRORS, nameSandbox, tokenHeader, unwrap } from "../environment-access.ts";
import { environmentPath } from "../environment-schemas.ts";
import type { EnvironmentHandle } from "../object/environment-handle.ts";
import type { EnvironmentAccess } from "../object/environment-outcome.ts";

const tags: ["Environments"] = ["Environments"];

/** How long a kill waits for the command's end, in milliseconds: SIGKILL follows SIGTERM after a few seconds. */
const KILL_PATIENCE_MS = 10_000;
/** Longest wait for output, in seconds: shorter than clients' and proxies' own. */
const MAX_WAIT_SECONDS = 25;
/** Behind the end of any output. */
const NO_OUTPUT = Number.MAX_SAFE_INTEGER;

const oneCommand = (description: string) => ({
  200: { description, content: { "application/json": { schema: commandResponse, example: COMMAND_EXAMPLE } } },
});

const list = operation({
  method: "get",
  path: COMMANDS_PATH,
  operationId: "listEnvironmentCommands",
  tags,
  summary: "List the latest commands, newest first",
  description: "Those that were executed and those in the background; 200 are remembered, until a day after the end.",
  scope: "environment:read",
  admits: admitEvaluationAgent,
  errors: ACCESS_ERRORS,
  request: {
    params: environmentPath,
    headers: tokenHeader,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ example: 50, description: "Commands" }),
    }),
  },
  responses: {
    200: {
      description: "The commands",
      content: { "application/json": { schema: commandList, example: { commands: [COMMAND_EXAMPLE] } } },
    },
  },
});

const get = operation({
  method: "get",
  path: COMMAND_PATH,
  operationId: "getEnvironmentCommand",
  tags,
  summary: "Get a command",
  scope: "environment:read",
  admits: admitEvaluationAgent,
  errors: ACCESS_ERRORS,
  request: { params: commandPath, headers: tokenHeader },
  responses: oneCommand("The command as it is now"),
});

const readOutput = operation({
  method: "get",
  path: `${COMMAND_PATH}/output`,
  operationId: "readEnvironmentCommandOutput",
  tags,
  summary: "Read a command's output from an offset",
  description: `The raw bytes of both streams in the order in which they came, about a megabyte at a time. Ask again with
\`offset\` = \`X-Next-Offset\` until \`X-Command-Status\` is not \`running\` and nothing comes any more.`,
  scope: "environment:read",
  admits: admitEvaluationAgent,
  errors: ACCESS_ERRORS,
  request: {
    params: commandPath,
    headers: tokenHeader,
    query: z.object({
      offset: z.coerce.number().int().min(0).default(0).openapi({ example: 0, description: "Bytes to leave out" }),
      wait_seconds: z.coerce
        .number()
        .int()
        .min(0)
        .max(MAX_WAIT_SECONDS)
        .default(0)
        .openapi({ example: 20, description: "How long to wait when there is nothing new and the command runs" }),
    }),
  },
  responses: {
    200: {
      description: "The bytes; none when there is nothing new",
      headers: {
        "X-Output-Offset": {
          schema: { type: "integer" },
          description: "Where these bytes begin: further on than `offset` where a terminal's output there is gone",
        },
        "X-Next-Offset": { schema: { type: "integer" }, description: "Where the next part begins" },
        "X-Command-Status": { schema: { type: "string" }, description: "As in getEnvironmentCommand" },
        "X-Command-Exit-Code": { schema: { type: "integer" }, description: "Where the command has one" },
      },
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
  },
});

const kill = operation({
  method: "post",
  path: `${COMMAND_PATH}/kill`,
  operationId: "killEnvironmentCommand",
  tags,
  summary: "Kill a command and all that it has started",
  description: "Waits for its end up to 10 seconds. A command that is over stays as it ended.",
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: ACCESS_ERRORS,
  request: { params: commandPath, headers: tokenHeader },
  responses: oneCommand("The command"),
});

/** Commands by their ids: those in the background, and those whose client went away. */
export function commandRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { commands } = unwrap(await handle.commands(access, c.req.valid("query").limit));
    return c.json({ commands: commands.map(toCommand) }, 200);
  });

  routes.openapi(get, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { command } = unwrap(await handle.follow(access, c.req.valid("param").command_id, NO_OUTPUT, 0));
    return c.json(toCommand(command), 200);
  });

  routes.openapi(readOutput, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { offset, wait_seconds: wait } = c.req.valid("query");
    const follow = handle.follow(access, c.req.valid("param").command_id, offset, wait * 1000);
    const news = unwrap(await withWatchedKey(c, KEY_ENDED, (ended) => Promise.race([follow, ended])));
    const { status, exit_code: exitCode } = toCommand(news.command);
    return new Response(new Blob(news.pieces.map(({ bytes }) => new Uint8Array(bytes))), {
      headers: {
        ...NO_STORE,
        "Content-Type": "application/octet-stream",
        "X-Content-Type-Options": "nosniff",
        "X-Output-Offset": String(news.from),
        "X-Next-Offset": String(news.next),
        "X-Command-Status": status,
        ...(exitCode !== null && { "X-Command-Exit-Code": String(exitCode) }),
      },
    });
  });

  routes.openapi(kill, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const id = c.req.valid("param").command_id;
    unwrap(await handle.kill(access, id));
    return c.json(await endOf(handle, access, id), 200);
  });
  return routes;
}

/** A command that is being ended, when it has, or when that has taken too long. */
export async function endOf(
  handle: EnvironmentHandle,
  access: EnvironmentAccess,
  commandId: string,
): Promise<CommandResponse> {
  const { command } = unwrap(await handle.follow(access, commandId, NO_OUTPUT, KILL_PATIENCE_MS));
  return toCommand(command);
}
