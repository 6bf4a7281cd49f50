import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { describePage, pageQuery } from "../../http/paging.ts";
import { isEnded } from "../model/item-status.ts";
import { durationsOf } from "../model/results.ts";
import { ITEM_STATUSES } from "../statistics/item-result.ts";
import { nameEvaluation, unwrap } from "./evaluation-access.ts";
import { ITEM_EXAMPLE, PAGE_EXAMPLE, TRACE_EXAMPLE } from "./evaluation-examples.ts";
import { EVALUATION_PATH, evaluationPath } from "./evaluation-schemas.ts";
import { evaluationItem, ITEM_PATH, itemList, itemPath, ITEMS_PATH, toItem } from "./item-schemas.ts";

const tags: ["Evaluations"] = ["Evaluations"];

const statusFilter = z
  .union([z.enum(ITEM_STATUSES), z.array(z.enum(ITEM_STATUSES))], {
    error: `must be one of ${ITEM_STATUSES.join(", ")}`,
  })
  .optional()
  .openapi({ type: "array", items: { type: "string" }, example: ["failed"], description: "Any of these statuses" });

const query = pageQuery({ maximum: 500, fallback: 100 }).extend({
  item_status: statusFilter,
  "item_status[]": statusFilter,
  task_name: z.string().max(200).optional().openapi({ example: "log-triage", description: "Only of this task" }),
});

const list = operation({
  method: "get",
  path: ITEMS_PATH,
  operationId: "listEvaluationItems",
  tags,
  summary: "List the items of an evaluation",
  description: "In the order in which they begin: the first attempt at every task, then the second ones.",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: { params: evaluationPath, query },
  responses: {
    200: {
      description: "A page",
      content: {
        "application/json": { schema: itemList, example: { items: [ITEM_EXAMPLE], ...PAGE_EXAMPLE } },
      },
    },
  },
});

const get = operation({
  method: "get",
  path: ITEM_PATH,
  operationId: "getEvaluationItem",
  tags,
  summary: "Get an item of an evaluation",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: { params: itemPath },
  responses: {
    200: {
      description: "The item",
      content: { "application/json": { schema: evaluationItem, example: ITEM_EXAMPLE } },
    },
  },
});

const tracedItem = z
  .object({
    evaluation_id: z.uuid(),
    item_id: z.uuid(),
    position: z.int(),
    item_status: z.enum(ITEM_STATUSES),
    task_name_snapshot: z.string(),
    has_trace: z.boolean(),
    trace_status: z.enum(["pending", "completed", "failed"]),
    duration_ms: z.number().nullable(),
    timestamp: z.iso.datetime(),
    runtime_run_id: z.uuid().nullable(),
    trace_id: z.string().nullable(),
    span_id: z.string().nullable(),
    trace_name: z.string(),
    trace_type: z.literal("run"),
  })
  .openapi("EvaluationItemTrace");

const traces = operation({
  method: "get",
  path: `${EVALUATION_PATH}/traces/items`,
  operationId: "listEvaluationItemTraces",
  tags,
  summary: "List which items have a trace",
  description: "The trace of an item is its run: `runtime_run_id`. At most as many as an evaluation has items.",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: { params: evaluationPath, query: pageQuery({ maximum: 1_000, fallback: 1_000 }) },
  responses: {
    200: {
      description: "The items",
      content: { "application/json": { schema: z.array(tracedItem), example: [TRACE_EXAMPLE] } },
    },
  },
});

/** Items of evaluations (evaluations 2). */
export function itemRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    const { item_status, "item_status[]": bracketed, task_name: taskName, ...paging } = c.req.valid("query");
    const statuses = [item_status ?? [], bracketed ?? []].flat(2);
    const { page, limit } = paging;
    const found = unwrap(await handle.list(scope, { statuses, taskName }, limit, (page - 1) * limit));
    const items = found.items.map((item) => toItem(found.record, item));
    return c.json({ items, ...describePage(paging, found.total) }, 200);
  });

  routes.openapi(get, async (c) => {
    const { item_id: itemId, ...path } = c.req.valid("param");
    const { handle, scope } = nameEvaluation(c, path);
    const { record, item } = unwrap(await handle.item(scope, itemId.toLowerCase()), "Item");
    return c.json(toItem(record, item), 200);
  });

  routes.openapi(traces, async (c) => {
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    const { page, limit } = c.req.valid("query");
    const all = { statuses: [], taskName: undefined };
    const { record, items } = unwrap(await handle.list(scope, all, limit, (page - 1) * limit));
    const traced = items.map((item): z.output<typeof tracedItem> => {
      const runId = item.state?.runId ?? null;
      const isFailed = item.status === "infra_error" || item.status === "cancelled";
      return {
        evaluation_id: record.id,
        item_id: item.id,
        position: item.position,
        item_status: item.status,
        task_name_snapshot: item.task.name,
        has_trace: runId !== null,
        trace_status: !isEnded(item.status) ? "pending" : isFailed ? "failed" : "completed",
        duration_ms: durationsOf(item.state).agentMs,
        timestamp: new Date(item.state?.startedAt ?? item.queuedAt).toISOString(),
        runtime_run_id: runId,
        trace_id: runId,
        span_id: null,
        trace_name: `${item.task.ref} #${item.attempt}`,
        trace_type: "run",
      };
    });
    return c.json(traced, 200);
  });
  return routes;
}
