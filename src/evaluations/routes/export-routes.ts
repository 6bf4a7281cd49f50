import { type RouteConfig, z } from "@hono/zod-openapi";
import type { AppContext } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { openRun } from "../../runs/access/run-handle.ts";
import { CSV_HEADER, type ExportedItem, toCsvLine, toJsonLine } from "../export/exported-item.ts";
import { harborFolder, type Trial, type TrialFile } from "../export/harbor-folder.ts";
import type { ExportedEvaluation } from "../export/harbor-job.ts";
import { streamOf } from "../export/piece-stream.ts";
import { zipOf } from "../export/zip-stream.ts";
import type { EvaluationRecord, EvaluationScope } from "../model/evaluation.ts";
import { toResult } from "../model/results.ts";
import type { EvaluationHandle } from "../object/evaluation-handle.ts";
import type { Item } from "../object/item-store.ts";
import { nameEvaluation, unwrap } from "./evaluation-access.ts";
import { EVALUATION_PATH, evaluationPath } from "./evaluation-schemas.ts";

/** Items that one question to the evaluation brings. */
const PAGE_ITEMS = 200;

const ALL = { statuses: [], taskName: undefined } as const;

const FORMATS = ["jsonl", "csv", "harbor"] as const;

const TYPES = { jsonl: "application/jsonl", csv: "text/csv; charset=utf-8", harbor: "application/zip" } as const;
const ENDINGS = { jsonl: "jsonl", csv: "csv", harbor: "zip" } as const;

/** Written as it is sent: this type lets the route answer with a plain Response. */
const answer: NonNullable<RouteConfig["responses"]>[string] = {
  description: "The export",
  content: {
    "application/jsonl": { schema: z.string() },
    "text/csv": { schema: z.string() },
    "application/zip": { schema: z.string().openapi({ format: "binary" }) },
  },
};

const exportAll = operation({
  method: "get",
  path: `${EVALUATION_PATH}/export`,
  operationId: "exportEvaluation",
  tags: ["Evaluations"],
  summary: "Export an evaluation",
  description:
    "`jsonl` and `csv` have a line for each item; `harbor` is a zip of a job folder as Harbor writes it, with a folder for each item and " +
    "what its agent and verifier have left. Also while it goes on: items are then as they stand.",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: {
    params: evaluationPath,
    query: z.object({ format: z.enum(FORMATS).default("jsonl").openapi({ example: "csv" }) }),
  },
  responses: { 200: answer },
});

const toTime = (milliseconds: number | null | undefined) =>
  milliseconds === null || milliseconds === undefined ? null : new Date(milliseconds).toISOString();

function toExported(record: EvaluationRecord, item: Item): ExportedItem {
  const { state } = item;
  return {
    ...toResult(item),
    evaluationId: record.id,
    itemId: item.id,
    position: item.position,
    model: record.model,
    endReason: state?.endReason ?? null,
    error: state?.error ?? null,
    retryCount: item.retries,
    queuedAt: toTime(item.queuedAt),
    startedAt: toTime(state?.startedAt),
    agentFinishedAt: toTime(state?.agentFinishedAt),
    completedAt: toTime(state?.completedAt),
    runId: state?.runId ?? null,
    environmentId: state?.environmentId ?? null,
  };
}

/** All items of an evaluation, page by page. */
async function* readItems(
  handle: EvaluationHandle,
  scope: EvaluationScope,
): AsyncGenerator<{ record: EvaluationRecord; item: Item }> {
  for (let offset = 0; ; offset += PAGE_ITEMS) {
    const { record, items } = unwrap(await handle.list(scope, ALL, PAGE_ITEMS, offset));
    for (const item of items) yield { record, item };
    if (items.length < PAGE_ITEMS) return;
  }
}

async function* writeLines(handle: EvaluationHandle, scope: EvaluationScope, format: "jsonl" | "csv") {
  if (format === "csv") yield CSV_HEADER;
  const write = format === "csv" ? toCsvLine : toJsonLine;
  for await (const { record, item } of readItems(handle, scope)) yield write(toExported(record, item));
}

/** What the run of an item has kept of its agent and its verifier. */
async function* filesOf(c: AppContext, record: EvaluationRecord, item: Item): AsyncGenerator<TrialFile> {
  const runId = item.state?.runId ?? null;
  if (runId === null) return;
  const { organizationId, project } = record;
  const scope = { organizationId, projectNumber: project.number, taskId: item.agentTaskId };
  const found = await openRun(c.env, runId).read(scope);
  if (!found.ok) return;
  for (const { metadata, storage_path: key } of found.run.artifacts) {
    const path = metadata?.["path"];
    if (typeof path !== "string") continue;
    yield { path, open: () => c.env.ARTIFACTS.get(key) };
  }
}

async function* trialsOf(c: AppContext, handle: EvaluationHandle, scope: EvaluationScope): AsyncGenerator<Trial> {
  for await (const { record, item } of readItems(handle, scope)) {
    yield { item: toExported(record, item), files: filesOf(c, record, item) };
  }
}

async function describe(handle: EvaluationHandle, scope: EvaluationScope): Promise<ExportedEvaluation> {
  const { record, tasks } = unwrap(await handle.outline(scope));
  const { id, name, model, attempts, concurrency, agent, createdAt, endedAt } = record;
  return {
    evaluationId: id,
    name,
    model,
    attempts,
    concurrency,
    agent: { name: agent.kind, version: "unknown" },
    taskRefs: tasks,
    startedAt: new Date(createdAt).toISOString(),
    completedAt: toTime(endedAt),
  };
}

/** Exports of evaluations (evaluations 2). */
export function exportRoutes(): Router {
  const routes = newRouter();

  routes.openapi(exportAll, async (c) => {
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    const { format } = c.req.valid("query");
    const described = await describe(handle, scope);
    const body =
      format === "harbor"
        ? zipOf(harborFolder(described, trialsOf(c, handle, scope)), Date.parse(described.startedAt) / 1000)
        : streamOf(writeLines(handle, scope, format));
    return new Response(body, {
      headers: {
        "Content-Type": TYPES[format],
        "Content-Disposition": `attachment; filename="evaluation-${described.evaluationId}.${ENDINGS[format]}"`,
      },
    });
  });
  return routes;
}
