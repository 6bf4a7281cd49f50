import { OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import { verifyLink } from "../auth/signed-links.ts";
import { integerField, refuseField, textField } from "../http/agent-fields.ts";
import { type AppContext, type AppEnv, configOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { operation } from "../http/operation.ts";
import { refuseInvalid } from "../http/validation.ts";
import { notFound } from "../tasks/project.ts";
import { admitAgentToken } from "./agent-access.ts";
import { readEntries } from "./entries.ts";
import { parseIsoTime } from "./iso-time.ts";
import { openLogChain } from "./log-chain.ts";
import {
  producerAnswerHeaders,
  isProducerRefusal,
  producerHeaders,
  readProducer,
  refuseProducer,
} from "./producer-headers.ts";
import { runAnswer, showRun } from "./run-answer.ts";
import type { RunScope } from "./run-outcome.ts";
import { nameRun, readUuid, RUN_PATH, runPath, unwrap } from "./run-path.ts";
import { findOrganization } from "./run-store.ts";

const ENTRY_EXAMPLE = {
  type: "notification",
  timestamp: "2026-11-01T09:31:00.000Z",
  notification: { jsonrpc: "2.0", method: "_posthog/console", params: { level: "info", message: "Cloning" } },
};

/** An answer whose bytes are made elsewhere: this type lets its route answer with a plain Response. */
type StoredBytes = NonNullable<RouteConfig["responses"]>[string];

const jsonLines: StoredBytes = {
  description: "One entry per line",
  content: { "application/jsonl": { schema: z.string(), example: `${JSON.stringify(ENTRY_EXAMPLE)}\n` } },
};

const appendLog = operation({
  method: "post",
  path: `${RUN_PATH}/append_log`,
  operationId: "appendAgentRunLog",
  tags: ["Agent runs"],
  summary: "Append entries to a run's log",
  description:
    "Entries are objects of any content; each is stored as it came: order of keys, spelling of numbers, escapes. The " +
    "answer comes when they are stored. A batch that is sent again is stored again, unless it carries the number that its " +
    "producer gave it: `Producer-Id`, `Producer-Epoch` and `Producer-Seq`, together.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: [
    "not_found",
    "validation_failed",
    "malformed_json",
    "request_refused",
    "stale_epoch",
    "state_conflict",
    "unsupported_media_type",
    "body_too_large",
  ],
  request: {
    params: runPath,
    headers: producerHeaders,
    body: {
      required: true,
      content: {
        "application/json": {
          // A plain schema: the entries are read from the bytes, which zod would not keep.
          schema: {
            type: "object",
            required: ["entries"],
            properties: { entries: { type: "array", minItems: 1, items: { type: "object" } } },
          },
          example: { entries: [ENTRY_EXAMPLE] },
        },
      },
    },
  },
  responses: { 200: { ...runAnswer("The run"), headers: producerAnswerHeaders } },
});

const logs = operation({
  method: "get",
  path: `${RUN_PATH}/logs`,
  operationId: "getAgentRunLogs",
  tags: ["Agent runs"],
  summary: "Read a run's log as JSON lines",
  description: "The logs of the runs that it resumes stand before its own: up to ten, oldest first.",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found"],
  request: { params: runPath },
  responses: { 200: jsonLines },
});

/** An ISO 8601 time, as microseconds. */
const isoTime = textField({}).transform((text, context): number | undefined => {
  if (text === undefined) return undefined;
  return parseIsoTime(text) ?? refuseField(context, "invalid_input", "Datetime has wrong format. Use ISO 8601.");
});

/** Event types separated by commas; nothing named is no filter. */
const typeList = z
  .string()
  .optional()
  .transform((text) => {
    const types = (text ?? "").split(",").map((type) => type.trim());
    const named = types.filter((type) => type !== "");
    return named.length === 0 ? undefined : named;
  });

const SESSION_LIMIT_DEFAULT = 1000;
const SESSION_LIMIT_MAX = 5000;

const sessionLogsQuery = z.object({
  after: isoTime.openapi({
    format: "date-time",
    example: "2026-11-01T09:30:00Z",
    description: "Entries after this time only",
  }),
  event_types: typeList.openapi({
    type: "string",
    example: "agent_message,tool_call",
    description: "The `sessionUpdate` of session/update entries, the method of others",
  }),
  exclude_types: typeList.openapi({ type: "string", example: "_posthog/console", description: "Types to leave out" }),
  limit: integerField({ min: 1, max: SESSION_LIMIT_MAX }).openapi({
    example: SESSION_LIMIT_DEFAULT,
    description: "Entries at most",
  }),
  offset: integerField({ min: 0 }).openapi({ example: 0, description: "Matching entries to leave out" }),
});

const sessionLogsPage: StoredBytes = {
  description: "Entries as stored, oldest first",
  headers: z.object({
    "X-Total-Count": z.string().openapi({ description: "Entries of the log" }),
    "X-Filtered-Count": z.string().openapi({ description: "Entries on this page" }),
    "X-Matching-Count": z.string().openapi({ description: "Entries that match, on all pages" }),
    "X-Has-More": z.string().openapi({ description: "`true` when entries follow" }),
  }),
  content: {
    "application/json": {
      schema: z.array(z.record(z.string(), z.unknown())).openapi("AgentRunLogEntries"),
      example: [ENTRY_EXAMPLE],
    },
  },
};

const sessionLogs = operation({
  method: "get",
  path: `${RUN_PATH}/session_logs`,
  operationId: "getAgentRunSessionLogs",
  tags: ["Agent runs"],
  summary: "Read a page of a run's log, filtered",
  description:
    "A page ends at `limit` entries or before 2 MiB, but holds one entry at least: go on with `offset` plus the entries received " +
    "until X-Has-More is not `true`.",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found", "validation_failed"],
  request: { params: runPath, query: sessionLogsQuery },
  responses: {
    200: sessionLogsPage,
  },
});

const linkedLog = operation({
  method: "get",
  path: `${RUN_PATH}/log.jsonl`,
  operationId: "getLinkedAgentRunLog",
  tags: ["Agent runs"],
  summary: "Read a run's log through its `log_url`",
  description: "The link carries its own permission for one hour: no key is needed. The answer is that of `logs`.",
  scope: "none",
  errors: ["not_found", "forbidden"],
  request: { params: runPath },
  responses: { 200: jsonLines },
});

/** What logs and its linked twin answer (5.3). */
async function answerLog(c: AppContext, scope: RunScope, runId: string): Promise<Response> {
  const startedAt = Date.now();
  const lines = await openLogChain(c.env, scope, runId);
  if (!lines) throw notFound();
  return new Response(lines, {
    headers: {
      "Content-Type": "application/jsonl",
      "Cache-Control": "no-cache",
      "Server-Timing": serverTiming("read", startedAt),
    },
  });
}

/** What a client's developer tools show of the time that the run took (1.1 "Extra headers"). */
function serverTiming(step: string, startedAt: number): string {
  return `${step};dur=${Date.now() - startedAt}`;
}

/** The log of a run (agent-tasks 5). */
export function logRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  routes.openapi(appendLog, async (c) => {
    if (!c.req.header("content-type")?.toLowerCase().includes("json")) throw new ApiError("unsupported_media_type");
    const producer = readProducer(c.req.valid("header"));
    const { lines } = readEntries(new Uint8Array(await c.req.arrayBuffer()), "entries");
    const { handle, scope } = await nameRun(c, c.req.valid("param"));
    const startedAt = Date.now();
    const outcome = await handle.appendLog(scope, lines, configOf(c).RUN_JOURNAL_MAX_BYTES, producer);
    if (!outcome.ok && isProducerRefusal(outcome)) throw refuseProducer(outcome);
    const { run, duplicate } = unwrap(outcome);
    c.header("Server-Timing", serverTiming("append", startedAt));
    if (producer) c.header("Producer-Duplicate", String(duplicate));
    return c.json(await showRun(c, run), 200);
  });

  routes.openapi(logs, async (c) => {
    const { scope, runId } = await nameRun(c, c.req.valid("param"));
    return answerLog(c, scope, runId);
  });

  routes.openapi(sessionLogs, async (c) => {
    const { after, event_types, exclude_types, limit = SESSION_LIMIT_DEFAULT, offset = 0 } = c.req.valid("query");
    const { handle, scope } = await nameRun(c, c.req.valid("param"));
    const startedAt = Date.now();
    const query = { after, eventTypes: event_types, excludeTypes: exclude_types, limit, offset };
    const page = unwrap(await handle.sessionLogs(scope, query));
    return new Response(page.entries, {
      headers: {
        "Content-Type": "application/json",
        "Cache-Control": "no-cache",
        "X-Total-Count": String(page.total),
        "X-Filtered-Count": String(page.count),
        "X-Matching-Count": String(page.matching),
        "X-Has-More": String(page.hasMore),
        "Server-Timing": serverTiming("read", startedAt),
      },
    });
  });

  routes.openapi(linkedLog, async (c) => {
    const path = c.req.valid("param");
    const verdict = await verifyLink(configOf(c).LINK_SIGNING_SECRETS, c.req.raw, new Date());
    if (!verdict.ok) throw new ApiError("forbidden", `This link is ${verdict.reason}.`);
    const [projectNumber, taskId, runId] = [Number(path.project_id), readUuid(path.task_id), readUuid(path.run_id)];
    const organizationId = await findOrganization(databaseOf(c), projectNumber);
    if (organizationId === undefined) throw notFound();
    return answerLog(c, { organizationId, projectNumber, taskId }, runId);
  });

  return routes;
}
