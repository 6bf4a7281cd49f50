import { type RouteConfig, z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import type { RunTokenSecrets } from "../../auth/run-token-keys.ts";
import { signConnectionToken, signStreamToken, type TokenRun } from "../../auth/run-tokens.ts";
import { requireScope } from "../../http/authenticate.ts";
import { type AppContext, callerOf, configOf } from "../../http/context.ts";
import { ApiError, type ErrorCode } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { MODES } from "../model/run-options.ts";
import type { RunRow } from "../model/run-view.ts";
import { commandUrl } from "./agent-address.ts";
import { sendCommand } from "./agent-command.ts";
import {
  type AgentCommand,
  type CommandFailure,
  type CommandOutcome,
  RUN_ENDED,
  TOO_LONG,
} from "../protocol/command-outcome.ts";
import { commandAnswer, commandBody } from "./command-schema.ts";
import { resolveRun, RUN_PATH, readRun, runPath, unwrap } from "../access/run-path.ts";
import { isTerminal } from "../model/run-status.ts";
import { streamRole } from "../protocol/stream-role.ts";

const TOKEN_EXAMPLE = "eyJhbGciOiJSUzI1NiJ9.eyJydW5faWQiOiIwMWEwIn0.c2lnbmF0dXJl";

const getConnectionToken = operation({
  method: "get",
  path: `${RUN_PATH}/connection_token`,
  operationId: "getRunConnectionToken",
  tags: ["Agent runs"],
  summary: "A token for the run's agent server, good for 24 hours",
  description:
    "RS256, audience `posthog:sandbox_connection`; the public key is at `/.well-known/jwks.json` and `/.well-known/run-token-key.pem`. Whoever holds it can command the agent.",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: runPath },
  responses: {
    200: {
      description: "The token",
      content: {
        "application/json": {
          schema: z.object({ token: z.string() }).openapi("RunConnectionToken"),
          example: { token: TOKEN_EXAMPLE },
        },
      },
    },
  },
});

const getStreamToken = operation({
  method: "get",
  path: `${RUN_PATH}/stream_token`,
  operationId: "getRunStreamToken",
  tags: ["Agent runs"],
  summary: "A token that opens the run's stream for ten minutes",
  description:
    "`stream_base_url` is null: the stream is served where the run is. `role=agent` takes a key with `task:write`, and its " +
    "token connects the run's agent.",
  scope: "task:read",
  errors: ["not_found", "validation_failed", "scope_missing"],
  request: { params: runPath, query: z.object({ role: streamRole }) },
  responses: {
    200: {
      description: "The token",
      content: {
        "application/json": {
          schema: z.object({ token: z.string(), stream_base_url: z.url().nullable() }).openapi("RunStreamToken"),
          example: { token: TOKEN_EXAMPLE, stream_base_url: null },
        },
      },
    },
  },
});

/** The agent's own bytes: this type lets the route answer with a plain Response. */
const agentAnswer: NonNullable<RouteConfig["responses"]>[string] = {
  description: "What the agent answered; a result or an error",
  content: {
    "application/json": { schema: commandAnswer, example: { jsonrpc: "2.0", id: 1, result: { accepted: true } } },
  },
};

const command = operation({
  method: "post",
  path: `${RUN_PATH}/command`,
  operationId: "commandRun",
  tags: ["Agent runs"],
  summary: "Send a JSON-RPC command to the run's agent",
  description:
    "Goes to the agent over the WebSocket that it has open here, or else to `/command` below `state.sandbox_url`, when its " +
    "host is one of AGENT_HOSTS; the agent's answer comes back unchanged.",
  scope: "task:write",
  errors: ["request_refused", "not_found", "state_conflict", "bad_gateway", "unavailable", "gateway_timeout"],
  request: {
    params: runPath,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: commandBody,
          example: { jsonrpc: "2.0", method: "user_message", params: { content: "Please add a test" }, id: 1 },
        },
      },
    },
  },
  responses: { 200: agentAnswer },
});

const ERROR_OF: Record<CommandFailure["reason"], ErrorCode> = {
  unreachable: "bad_gateway",
  failed: "bad_gateway",
  timeout: "gateway_timeout",
  ended: "state_conflict",
  busy: "unavailable",
};

/** What a run's clients and its agent find each other by: tokens and commands (agent-tasks 8.1, 8.2, 9). */
export function connectionRoutes(): Router {
  const routes = newRouter();

  routes.openapi(getConnectionToken, async (c) => {
    const run = await readRun(c, c.req.valid("param"));
    return c.json({ token: await connectionToken(c, run) }, 200);
  });

  routes.openapi(getStreamToken, async (c) => {
    const { role } = c.req.valid("query");
    if (role === "agent") requireScope(c, "task:write");
    const run = await readRun(c, c.req.valid("param"));
    return c.json({ token: await signStreamToken(keysOf(c), asTokenRun(run), role), stream_base_url: null }, 200);
  });

  routes.openapi(command, async (c) => {
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const asked = c.req.valid("json");
    const { run, outcome: answered } = unwrap(
      await handle.command(scope, asked, configOf(c).AGENT_COMMAND_TIMEOUT_SECONDS),
    );
    const outcome = answered
      ? limitAnswer(answered, configOf(c).AGENT_ANSWER_MAX_BYTES)
      : await callServer(c, run, asked);
    if (!outcome.ok) throw new ApiError(ERROR_OF[outcome.reason], outcome.message);
    return new Response(outcome.answer, { headers: { "Content-Type": "application/json" } });
  });

  return routes;
}

function limitAnswer(outcome: CommandOutcome, maxBytes: number): CommandOutcome {
  return outcome.ok && outcome.answer.length > maxBytes ? TOO_LONG : outcome;
}

/** Sends a command to the agent's own server. */
async function callServer(c: AppContext, run: RunRow, asked: AgentCommand): Promise<CommandOutcome> {
  const { AGENT_COMMAND_TIMEOUT_SECONDS, AGENT_ANSWER_MAX_BYTES } = configOf(c);
  return sendCommand({
    url: agentUrl(c, run),
    token: await connectionToken(c, run),
    command: asked,
    timeoutSeconds: AGENT_COMMAND_TIMEOUT_SECONDS,
    answerMaxBytes: AGENT_ANSWER_MAX_BYTES,
  });
}

function stateText({ state }: RunRow, key: string): string | undefined {
  const value = state[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Where the run's agent listens, in the order in which clients know the refusals (8.1). */
function agentUrl(c: AppContext, run: RunRow): URL {
  const sandboxUrl = stateText(run, "sandbox_url");
  if (sandboxUrl === undefined) throw new ApiError("request_refused", "No active sandbox for this task run");
  if (isTerminal(run.status)) throw new ApiError("state_conflict", RUN_ENDED.message);
  const url = commandUrl(sandboxUrl, configOf(c).AGENT_HOSTS, stateText(run, "sandbox_connect_token"));
  if (!url) throw new ApiError("request_refused", "Invalid sandbox URL");
  return url;
}

function asTokenRun({ id, taskId, projectNumber }: RunRow): TokenRun {
  return { runId: id, taskId, projectNumber };
}

function connectionToken(c: AppContext, run: RunRow): Promise<string> {
  // Clients may write any mode into the state; agents' servers refuse a token that names one they do not know.
  const mode = MODES.find((known) => known === run.state["mode"]);
  return signConnectionToken(keysOf(c), asTokenRun(run), callerOf(c), mode);
}

function keysOf(c: AppContext): RunTokenSecrets {
  const secrets = configOf(c).RUN_TOKEN_PRIVATE_KEY;
  if (secrets.length > 0) return secrets;
  throw new ApiError("server_error", "This server has no RUN_TOKEN_PRIVATE_KEY to sign tokens of runs with.");
}
