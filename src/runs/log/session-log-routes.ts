import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { integerField, refuseField, textField } from "../../http/agent-api/agent-fields.ts";
import { operation } from "../../http/operation.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { parseIsoTime } from "../../db/iso-time.ts";
import { ENTRY_EXAMPLE, serverTiming, type StoredBytes } from "./log-answer.ts";
import { attemptField, resolveRun, RUN_PATH, runPath, unwrap } from "../access/run-path.ts";

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
  attempt: attemptField,
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

/** A run's log page by page (agent-tasks 5.4). */
export function sessionLogRoutes(): Router {
  const routes = newRouter();

  routes.openapi(sessionLogs, async (c) => {
    const {
      after,
      event_types,
      exclude_types,
      attempt,
      limit = SESSION_LIMIT_DEFAULT,
      offset = 0,
    } = c.req.valid("query");
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const startedAt = Date.now();
    const query = { after, eventTypes: event_types, excludeTypes: exclude_types, attempt, limit, offset };
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

  return routes;
}
