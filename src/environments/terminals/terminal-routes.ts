import { z } from "@hono/zod-openapi";
import { v7 as uuid } from "uuid";
import { newRouter, type Router } from "../../http/new-router.ts";
import { type AppContext, callerOf, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { nameProtocol } from "../../http/socket-protocols.ts";
import type { CommandRow } from "../commands/command-log.ts";
import { COMMAND_EXAMPLE, commandResponse, DEFAULT_SIZE, sizeOf } from "../commands/command-schemas.ts";
import { toCommand } from "../commands/command-view.ts";
import { endOf } from "../commands/command-routes.ts";
import { ACCESS_ERRORS, nameSandbox, refusalOf, tokenHeader, unwrap } from "../environment-access.ts";
import { environmentPath } from "../environment-schemas.ts";
import { toObjectRequest } from "../object-request.ts";
import type { Refused } from "../object/environment-outcome.ts";
import { DEFAULT_SHELL } from "./terminal-command.ts";
import { TERMINAL_PROTOCOL } from "./terminal-messages.ts";
import {
  openQuery,
  TERMINAL_EXAMPLE,
  TERMINAL_PATH,
  terminalList,
  terminalPath,
  terminalResponse,
  TERMINALS_PATH,
} from "./terminal-schemas.ts";

const tags: ["Environments"] = ["Environments"];

const open = operation({
  method: "get",
  path: TERMINAL_PATH,
  operationId: "openEnvironmentTerminal",
  tags,
  summary: "Open a terminal in the environment, or join one, over WebSocket",
  description: `Binary frames are what is typed and what the terminal shows, text frames are JSON: \`ready\`, \`resize\`, \`ack\`, \`exit\` and
others, which docs/terminals.md describes. Who connects again with \`terminal_id\`, \`after\` and \`client_id\` goes on where it
was, in both directions. Browsers, which send no headers, offer the subprotocols \`${TERMINAL_PROTOCOL}\`, \`taskyard.key.<key>\` and
\`taskyard.environment-token.<token>\`. 400 without \`Upgrade: websocket\`, and where the sandbox has no terminals.`,
  scope: "environment:write",
  errors: [...ACCESS_ERRORS, "invalid_request"],
  request: { params: environmentPath, headers: tokenHeader, query: openQuery },
  responses: { 101: { description: "The connection, for a request with `Upgrade: websocket`" } },
});

const list = operation({
  method: "get",
  path: TERMINALS_PATH,
  operationId: "listEnvironmentTerminals",
  tags,
  summary: "List the latest terminals, newest first",
  description: "Commands that have a `tty` are among them. They are remembered as other commands are.",
  scope: "environment:read",
  errors: ACCESS_ERRORS,
  request: {
    params: environmentPath,
    headers: tokenHeader,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ example: 50, description: "Terminals" }),
    }),
  },
  responses: {
    200: {
      description: "The terminals",
      content: { "application/json": { schema: terminalList, example: { terminals: [TERMINAL_EXAMPLE] } } },
    },
  },
});

const close = operation({
  method: "delete",
  path: `${TERMINALS_PATH}/{terminal_id}`,
  operationId: "closeEnvironmentTerminal",
  tags,
  summary: "Close a terminal, and end all that runs in it",
  description: "Waits for its end up to 10 seconds. One that is over stays as it ended.",
  scope: "environment:write",
  errors: ACCESS_ERRORS,
  request: { params: terminalPath, headers: tokenHeader },
  responses: {
    200: {
      description: "The terminal",
      content: { "application/json": { schema: commandResponse, example: COMMAND_EXAMPLE } },
    },
  },
});

/** Terminals of live environments (docs/terminals.md). */
export function terminalRoutes(): Router {
  const routes = newRouter();

  routes.openapi(open, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      unwrap(await handle.inspect(access));
      throw new ApiError("invalid_request", "A terminal is a WebSocket: send Upgrade: websocket.");
    }
    const query = c.req.valid("query");
    const { terminal_id, new_id, after, client_id: clientId } = query;
    if (terminal_id !== undefined && new_id !== undefined) {
      throw new ApiError("invalid_request", "terminal_id joins a terminal and new_id opens one: send one of them.");
    }
    const size = sizeOf(query);
    const asked = toObjectRequest({
      kind: "terminal",
      access,
      terminalId: terminal_id ?? new_id ?? uuid(),
      ...(terminal_id === undefined && { start: startOf(c, query) }),
      ...(size && { size }),
      joining: { clientId, after, pass: { keyId: callerOf(c).keyId } },
    });
    const answer = await handle.fetch(asked);
    if (!answer.webSocket) throw refusalOf(await answer.json<Refused>());
    return nameProtocol(c, answer, TERMINAL_PROTOCOL);
  });

  routes.openapi(list, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { terminals } = unwrap(await handle.terminals(access, c.req.valid("query").limit));
    return c.json({ terminals: terminals.map(toTerminal) }, 200);
  });

  routes.openapi(close, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { terminal_id: id } = c.req.valid("param");
    unwrap(await handle.closeTerminal(access, id));
    return c.json(await endOf(handle, access, id), 200);
  });
  return routes;
}

function startOf(c: AppContext, { command = DEFAULT_SHELL, cwd, term, ...size }: z.output<typeof openQuery>) {
  const idleSeconds = configOf(c).SANDBOX_TERMINAL_IDLE_SECONDS;
  return { command, cwd, term, idleSeconds, ...(sizeOf(size) ?? DEFAULT_SIZE) };
}

function toTerminal({
  command,
  connections,
}: {
  command: CommandRow;
  connections: number;
}): z.output<typeof terminalResponse> {
  return { ...toCommand(command), connections, idle_timeout_sec: command.idle_seconds };
}
