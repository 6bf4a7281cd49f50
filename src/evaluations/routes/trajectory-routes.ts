import { type RouteConfig, z } from "@hono/zod-openapi";
import { type AppContext, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { findTaskOfRun } from "../../runs/access/run-store.ts";
import { openRun } from "../../runs/access/run-handle.ts";
import type { RunRow } from "../../runs/model/run-view.ts";
import { streamOf } from "../export/piece-stream.ts";
import { readRunEntries } from "../item/run-entries.ts";
import { checkTrajectory, TRAJECTORY_MAX_BYTES } from "../trajectory/check-trajectory.ts";
import { trajectory } from "../trajectory/atif-schema.ts";
import { writeTrajectory } from "../trajectory/trajectory-stream.ts";
import { nameEvaluation, unwrap } from "./evaluation-access.ts";
import { TRAJECTORY_EXAMPLE } from "./evaluation-examples.ts";
import { ITEM_PATH, itemPath } from "./item-schemas.ts";

/** Where an agent's own trajectory is among the artifacts of its run. */
const OWN_TRAJECTORY = "agent/trajectory.json";

/** Made as it is sent: this type lets the route answer with a plain Response. */
const answer: NonNullable<RouteConfig["responses"]>[string] = {
  description: "The trajectory",
  content: { "application/json": { schema: trajectory, example: TRAJECTORY_EXAMPLE } },
};

const get = operation({
  method: "get",
  path: `${ITEM_PATH}/trajectory`,
  operationId: "getEvaluationItemTrajectory",
  tags: ["Evaluations"],
  summary: "Get the trajectory of an item as ATIF",
  description:
    "What the agent itself has left as `/logs/agent/trajectory.json`, where that is sound; else it is made from the log of its run, " +
    "also while that goes on. 404 before the item has a run.",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: { params: itemPath },
  responses: { 200: answer },
});

/** The trajectory that the agent has left, as it is; undefined where it has left none that is sound. */
async function readOwn(c: AppContext, run: RunRow): Promise<Uint8Array | undefined> {
  const item = run.artifacts.findLast(({ metadata }) => metadata?.["path"] === OWN_TRAJECTORY);
  if (!item || item.size > TRAJECTORY_MAX_BYTES) return undefined;
  const stored = await c.env.ARTIFACTS.get(item.storage_path);
  const bytes = stored && new Uint8Array(await stored.arrayBuffer());
  return bytes && checkTrajectory(bytes).ok ? bytes : undefined;
}

/** Trajectories of items (evaluations 4). */
export function trajectoryRoutes(): Router {
  const routes = newRouter();

  routes.openapi(get, async (c) => {
    const { item_id: itemId, ...path } = c.req.valid("param");
    const { handle, scope } = nameEvaluation(c, path);
    const { record, item } = unwrap(await handle.item(scope, itemId.toLowerCase()), "Item");
    const runId = item.state?.runId ?? null;
    if (runId === null) throw new ApiError("not_found", "The item has no run yet.");
    const { organizationId, project } = record;
    const runScope = { organizationId, projectNumber: project.number, taskId: item.agentTaskId };
    const found = await openRun(c.env, runId).read(runScope);
    if (!found.ok) throw new ApiError("not_found", "The item's run is not there any more.");
    const headers = { "Content-Type": "application/json" };
    const own = await readOwn(c, found.run);
    if (own) return new Response(own, { headers });
    const task = await findTaskOfRun(databaseOf(c), runScope);
    const told = z.string().safeParse(found.run.state["pending_user_message"]).data;
    const { kind } = record.agent;
    const head = {
      sessionId: runId,
      agent: { name: kind, version: "unknown", modelName: record.model },
      instruction: told ?? task?.description ?? "",
      usage: item.state?.usage ?? null,
      extra: { evaluation_id: record.id, item_id: item.id, task_ref: item.task.ref, attempt: item.attempt },
    };
    const entries = readRunEntries(c.env, runId, runScope);
    return new Response(streamOf(writeTrajectory(head, entries)), { headers });
  });
  return routes;
}
