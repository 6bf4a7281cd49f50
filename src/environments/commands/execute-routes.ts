import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { accepts } from "hono/accepts";
import { v7 as uuid } from "uuid";
import { NO_STORE } from "../../admin/access.ts";
import { type AppContext, configOf } from "../../http/context.ts";
import { admitEvaluationAgent } from "../environment-agent.ts";
import { operation } from "../../http/operation.ts";
import { ignoredFields } from "../../http/unknown-fields.ts";
import type { SandboxCommand } from "../../sandbox/port.ts";
import { collectForKey } from "./collect.ts";
import type { FollowedCommand } from "./command-following.ts";
import type { CommandRow } from "./command-log.ts";
import {
  backgroundRequest,
  commandRequest,
  commandResponse,
  COMMAND_EXAMPLE,
  COMMANDS_PATH,
  EXECUTE_EXAMPLE,
  executeResponse,
} from "./command-schemas.ts";
import { toCommand } from "./command-view.ts";
import { ACCESS_ERRORS, nameEnvironment, nameSandbox, tokenHeader, unwrap } from "../environment-access.ts";
import { askAgain } from "../../objects/ask-again.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { BACKLOG_MAX_BYTES } from "./command-input.ts";
import { TERMINAL_OUTPUT_BYTES } from "../terminals/terminal-command.ts";
import { answerWithEvents } from "./event-answer.ts";
import { ENVIRONMENT_PATH, environmentPath } from "../environment-schemas.ts";
import { answerSlowly } from "./slow-answer.ts";

const body = {
  required: true,
  content: {
    "application/json": { schema: commandRequest, example: { command: "grep -c ERROR access.log", timeout_sec: 30 } },
  },
} as const;

const backgroundBody = {
  required: true,
  content: { "application/json": { schema: backgroundRequest, example: { command: "python3 -m http.server 8000" } } },
} as const;

const idHeader = { "X-Command-Id": { schema: { type: "string" as const }, description: "Id of the command" } };

const execute = operation({
  method: "post",
  path: `${ENVIRONMENT_PATH}/execute`,
  operationId: "executeInEnvironment",
  tags: ["Environments"],
  summary: "Execute a command inside a task environment",
  description: `Run a shell command in the environment's sandbox, and wait for its end. After 10 seconds the answer begins with
status 200 and spaces before its JSON, so that nobody on the way takes it for dead; a failure is told as the error body
then. With \`Accept: text/event-stream\` output comes as events \`stdout\` and, where the two are told apart, \`stderr\`
(\`{data}\`), and the last one is \`exit\` with the result, or \`error\`. A command goes on when its client goes away: \`…/commands\` knows it.`,
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "sandbox_failed"],
  request: { params: environmentPath, headers: tokenHeader, body },
  responses: {
    200: {
      description: "The command is over",
      headers: idHeader,
      content: {
        "application/json": { schema: executeResponse, example: EXECUTE_EXAMPLE },
        "text/event-stream": { schema: z.string() },
      },
    },
  },
});

const start = operation({
  method: "post",
  path: COMMANDS_PATH,
  operationId: "startEnvironmentCommand",
  tags: ["Environments"],
  summary: "Start a command in the background",
  description: `A server, or work that takes long: without \`timeout_sec\` it may run as long as the environment. With \`tty\` it runs
on a terminal that can be joined, and with \`stdin_open\` its input stays open; 400 where the sandbox has neither.`,
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "invalid_request"],
  request: { params: environmentPath, headers: tokenHeader, body: backgroundBody },
  responses: {
    201: {
      description: "The command runs",
      headers: idHeader,
      content: { "application/json": { schema: commandResponse, example: COMMAND_EXAMPLE } },
    },
  },
});

/** Running commands (A3; seed 002). */
export function executeRoutes(): Router {
  const routes = newRouter();

  routes.openapi(execute, async (c) => {
    const { followed } = await startCommand(c, c.req.valid("param"), c.req.valid("json"), false);
    const headers = { ...NO_STORE, "X-Command-Id": followed.commandId };
    const warned = await warningsOf(c);
    const supports = ["application/json", "text/event-stream"];
    const wanted = accepts(c, { header: "Accept", supports, default: "application/json" });
    if (wanted === "text/event-stream") return answerWithEvents(c, followed, headers, warned);
    const result = collectForKey(c, followed).then((collected) => ({ ...collected, ...warned }));
    return answerSlowly(c, result, headers);
  });

  routes.openapi(start, async (c) => {
    const { command } = await startCommand(c, c.req.valid("param"), c.req.valid("json"), true);
    return c.json({ ...toCommand(command), ...(await warningsOf(c, backgroundRequest)) }, 201, {
      ...NO_STORE,
      "X-Command-Id": command.id,
    });
  });
  return routes;
}

/** What of a command's request was ignored; nothing where nothing was. */
async function warningsOf(
  c: AppContext,
  request: typeof commandRequest | typeof backgroundRequest = commandRequest,
): Promise<{ warnings?: string[] }> {
  const warnings = ignoredFields(request, await c.req.json());
  return warnings.length === 0 ? {} : { warnings };
}

/** What a client asks for, and what only Taskyard's own commands have. */
type CommandWanted = z.output<typeof commandRequest> &
  Partial<z.output<typeof backgroundRequest>> & { machine_env?: Record<string, string>; user?: string };

/** Starts a command in the environment that the path names, for who presents its token. */
export async function startCommand(
  c: AppContext,
  path: z.output<typeof environmentPath>,
  asked: CommandWanted,
  background: boolean,
): Promise<{ followed: FollowedCommand; command: CommandRow }> {
  const { access } = await nameSandbox(c, path);
  const open = () => nameEnvironment(c, path).handle;
  const { tty = null, stdin_open: keepsInput = false } = asked;
  if (tty && asked.separate_output) {
    throw new ApiError("invalid_request", "A terminal has one output: separate_output does not go with tty.");
  }
  const stdin = new TextEncoder().encode(asked.stdin);
  if ((tty || keepsInput) && stdin.byteLength > BACKLOG_MAX_BYTES) {
    const message = `stdin of a command whose input stays open has ${BACKLOG_MAX_BYTES} bytes at most: send more to …/stdin.`;
    throw new ApiError("invalid_request", message);
  }
  const outputBytes = tty ? TERMINAL_OUTPUT_BYTES : configOf(c).SANDBOX_OUTPUT_MAX_BYTES;
  const command: SandboxCommand = {
    id: uuid(),
    command: asked.command,
    cwd: asked.cwd,
    env: tty ? { TERM: tty.term, ...asked.env } : asked.env,
    ...(asked.machine_env && { machineEnv: asked.machine_env }),
    ...(asked.user !== undefined && { user: asked.user }),
    stdin,
    keepsInput: keepsInput || tty !== null,
    tty: tty && { rows: tty.rows, cols: tty.cols },
    separateOutput: asked.separate_output,
    limits: { seconds: asked.timeout_sec, outputBytes },
  };
  const started = unwrap(await askAgain(() => open().execute(access, command, background)));
  return { followed: { open, access, commandId: command.id }, command: started.command };
}
