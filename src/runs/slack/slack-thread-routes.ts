import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { refuseField, textField } from "../../http/agent-api/agent-fields.ts";
import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { operation } from "../../http/operation.ts";
import { findProjectNumber, notFound, readProject } from "../../tasks/project.ts";
import { currentMicroseconds } from "../../db/microseconds.ts";
import { resolveRun, readRun, readUuid, RUN_PATH, runPath, runsPath } from "../access/run-path.ts";
import type { RunScope } from "../model/run-outcome.ts";
import { findThread, removeThread, saveThread, type SlackThread, WHOLE_TASK } from "./slack-thread-store.ts";

const TASK_THREAD_PATH = "/api/projects/{project_id}/tasks/{task_id}/slack_thread";
const RUN_THREAD_PATH = `${RUN_PATH}/slack_thread` as const;

/** How Slack writes the `ts` of a message: seconds with six decimals, as text. */
const TIMESTAMP = /^\d{1,12}\.\d{6}$/;

const threadBody = z
  .object({
    channel: textField({ required: true, max: 255 }),
    thread_ts: textField({ required: true }).transform((text, context) =>
      TIMESTAMP.test(text) ? text : refuseField(context, "invalid_input", "Not the ts of a Slack message."),
    ),
  })
  .openapi("SlackThreadChange");

const slackThread = z.object({ channel: z.string(), thread_ts: z.string() }).openapi("SlackThread");

const EXAMPLE = { channel: "C0123456789", thread_ts: "1793525400.000200" };

const shown = {
  200: {
    description: "The thread",
    content: { "application/json": { schema: slackThread, example: EXAMPLE } },
  },
} as const;
const removed = { 204: { description: "The mapping is gone" } } as const;

const requestBody = {
  required: true,
  content: { "application/json": { schema: threadBody, example: EXAMPLE } },
} as const;

const tags: ["Agent runs"] = ["Agent runs"];

const putTaskThread = operation({
  method: "put",
  path: TASK_THREAD_PATH,
  operationId: "putTaskSlackThread",
  tags,
  summary: "Map a task to a Slack thread, for all of its runs that have none of their own",
  scope: "task:write",
  errors: ["not_found"],
  request: { params: runsPath, body: requestBody },
  responses: shown,
});

const getTaskThread = operation({
  method: "get",
  path: TASK_THREAD_PATH,
  operationId: "getTaskSlackThread",
  tags,
  summary: "The Slack thread that a task is mapped to",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: runsPath },
  responses: shown,
});

const deleteTaskThread = operation({
  method: "delete",
  path: TASK_THREAD_PATH,
  operationId: "deleteTaskSlackThread",
  tags,
  summary: "Map a task to no Slack thread",
  scope: "task:write",
  errors: ["not_found"],
  request: { params: runsPath },
  responses: removed,
});

const putRunThread = operation({
  method: "put",
  path: RUN_THREAD_PATH,
  operationId: "putRunSlackThread",
  tags,
  summary: "Map a run to a Slack thread of its own",
  scope: "task:write",
  errors: ["not_found"],
  request: { params: runPath, body: requestBody },
  responses: shown,
});

const getRunThread = operation({
  method: "get",
  path: RUN_THREAD_PATH,
  operationId: "getRunSlackThread",
  tags,
  summary: "The Slack thread that a run itself is mapped to",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: runPath },
  responses: shown,
});

const deleteRunThread = operation({
  method: "delete",
  path: RUN_THREAD_PATH,
  operationId: "deleteRunSlackThread",
  tags,
  summary: "Map a run to no Slack thread of its own",
  scope: "task:write",
  errors: ["not_found"],
  request: { params: runPath },
  responses: removed,
});

/** Which Slack thread a task or a run speaks in; a run's own comes first. */
export function slackThreadRoutes(): Router {
  const routes = newRouter();

  routes.openapi(putTaskThread, async (c) => {
    const scope = await nameTask(c, c.req.valid("param"));
    return c.json(await save(c, scope, WHOLE_TASK, c.req.valid("json")), 200);
  });
  routes.openapi(getTaskThread, async (c) => {
    const scope = await nameTask(c, c.req.valid("param"));
    return c.json(await show(c, scope, WHOLE_TASK), 200);
  });
  routes.openapi(deleteTaskThread, async (c) => {
    const scope = await nameTask(c, c.req.valid("param"));
    await remove(c, scope, WHOLE_TASK);
    return c.body(null, 204);
  });

  routes.openapi(putRunThread, async (c) => {
    const run = await readRun(c, c.req.valid("param"));
    return c.json(await save(c, run, run.id, c.req.valid("json")), 200);
  });
  routes.openapi(getRunThread, async (c) => {
    const { scope, runId } = await resolveRun(c, c.req.valid("param"));
    return c.json(await show(c, scope, runId), 200);
  });
  routes.openapi(deleteRunThread, async (c) => {
    const { scope, runId } = await resolveRun(c, c.req.valid("param"));
    await remove(c, scope, runId);
    return c.body(null, 204);
  });

  return routes;
}

async function nameTask(c: AppContext, path: z.output<typeof runsPath>): Promise<RunScope> {
  const project = readProject(callerOf(c), path.project_id);
  const taskId = readUuid(path.task_id);
  const projectNumber = await findProjectNumber(databaseOf(c), project);
  return { organizationId: project.organizationId, projectNumber, taskId };
}

function toWire({ channel, threadTs }: SlackThread): z.output<typeof slackThread> {
  return { channel, thread_ts: threadTs };
}

async function save(c: AppContext, scope: RunScope, runId: string, body: z.output<typeof threadBody>) {
  const thread = { channel: body.channel, threadTs: body.thread_ts };
  if (!(await saveThread(databaseOf(c), scope, runId, thread, currentMicroseconds()))) throw notFound();
  return toWire(thread);
}

async function show(c: AppContext, scope: RunScope, runId: string) {
  const thread = await findThread(databaseOf(c), scope, runId);
  if (!thread) throw notFound();
  return toWire(thread);
}

async function remove(c: AppContext, scope: RunScope, runId: string): Promise<void> {
  if (!(await removeThread(databaseOf(c), scope, runId))) throw notFound();
}
