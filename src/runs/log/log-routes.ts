import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { verifyLink } from "../../auth/signed-links.ts";
import { type AppContext, configOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { seedOf } from "../../http/idempotency.ts";
import { operation } from "../../http/operation.ts";
import { serveFile } from "../../http/stored-file.ts";
import { notFound } from "../../tasks/project.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { readEntries } from "./log-entries.ts";
import { ENTRY_EXAMPLE, serverTiming, type StoredBytes } from "./log-answer.ts";
import { findLogChain, openLogChain } from "./log-chain.ts";
import {
  producerAnswerHeaders,
  isProducerRefusal,
  producerHeaders,
  readProducer,
  refuseProducer,
} from "./producer-headers.ts";
import { runAnswer, showRun } from "../access/run-answer.ts";
import type { RunScope } from "../model/run-outcome.ts";
import { attemptField, resolveRun, readUuid, RUN_PATH, runPath, unwrap } from "../access/run-path.ts";
import { findOrganization } from "../access/run-store.ts";

const logHeaders = z.object({
  ETag: z.string().openapi({ description: "Another one whenever the log has grown" }),
  "Accept-Ranges": z.literal("bytes"),
});

const jsonLines: StoredBytes = {
  description: "One entry per line",
  headers: logHeaders,
  content: { "application/jsonl": { schema: z.string(), example: `${JSON.stringify(ENTRY_EXAMPLE)}\n` } },
};

const logResponses = {
  200: jsonLines,
  206: { ...jsonLines, description: "The range of bytes asked for" },
  304: { description: "The copy named by If-None-Match is current", headers: logHeaders },
};

const appendLog = operation({
  method: "post",
  path: `${RUN_PATH}/append_log`,
  operationId: "appendAgentRunLog",
  bodyLimit: (config) => config.RUN_LOG_BODY_MAX_BYTES,
  tags: ["Agent runs"],
  summary: "Append entries to a run's log",
  description:
    "Entries are objects of any content; each is stored as it came: order of keys, spelling of numbers, escapes. The " +
    "answer comes when they are stored. A batch that is sent again is stored again, unless it carries the number that its " +
    "producer gave it: `Producer-Id`, `Producer-Epoch` and `Producer-Seq`, together; or an `Idempotency-Key`.",
  scope: "task:write",
  admits: admitAgentToken,
  isRepeatable: true,
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
  description:
    "The logs of the runs that it resumes stand before its own: up to ten, oldest first; unless one " +
    "attempt is asked for. Takes one byte range, and conditions.",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found", "validation_failed", "range_not_satisfiable"],
  request: { params: runPath, query: z.object({ attempt: attemptField }) },
  responses: logResponses,
});

const linkedLog = operation({
  method: "get",
  path: `${RUN_PATH}/log.jsonl`,
  operationId: "getLinkedAgentRunLog",
  tags: ["Agent runs"],
  summary: "Read a run's log through its `log_url`",
  description: "The link carries its own permission for one hour: no key is needed. The answer is that of `logs`.",
  scope: "none",
  errors: ["not_found", "forbidden", "range_not_satisfiable"],
  request: { params: runPath },
  responses: logResponses,
});

/** What logs and its linked twin answer (5.3). */
async function answerLog(c: AppContext, scope: RunScope, runId: string, attempt?: number): Promise<Response> {
  const startedAt = Date.now();
  const chain = await findLogChain(c.env, scope, runId, attempt);
  if (!chain) throw notFound();
  const file = {
    size: chain.size,
    etag: chain.etag,
    contentType: "application/jsonl",
    cacheControl: "no-cache",
    headers: { "Server-Timing": serverTiming("read", startedAt) },
  };
  return serveFile(c.req.raw, file, (range) => openLogChain(c.env, scope, chain, range));
}

/** The log of a run (agent-tasks 5). */
export function logRoutes(): Router {
  const routes = newRouter();

  routes.openapi(appendLog, async (c) => {
    if (!c.req.header("content-type")?.toLowerCase().includes("json")) throw new ApiError("unsupported_media_type");
    const producer = readProducer(c.req.valid("header"));
    const { lines } = readEntries(new Uint8Array(await c.req.arrayBuffer()), "entries");
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const startedAt = Date.now();
    const seed = seedOf(c);
    // A key is a producer of one batch: the journal stores it in one transaction with the entries.
    const numbered = producer ?? (seed === undefined ? undefined : { id: `idempotency:${seed}`, epoch: 0, seq: 0 });
    const outcome = await handle.appendLog(scope, lines, configOf(c).RUN_JOURNAL_MAX_BYTES, numbered);
    if (!outcome.ok && isProducerRefusal(outcome)) throw refuseProducer(outcome);
    const { run, duplicate } = unwrap(outcome);
    c.header("Server-Timing", serverTiming("append", startedAt));
    if (producer) c.header("Producer-Duplicate", String(duplicate));
    return c.json(await showRun(c, run), 200);
  });

  routes.openapi(logs, async (c) => {
    const { scope, runId } = await resolveRun(c, c.req.valid("param"));
    return answerLog(c, scope, runId, c.req.valid("query").attempt);
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
