import { z } from "@hono/zod-openapi";
import { workspacePath } from "../../admin/fields.ts";
import { databaseOf } from "../../http/context.ts";
import { idToMake } from "../../http/idempotency.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { describePage, pageQuery } from "../../http/paging.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { ignoredFields } from "../../http/unknown-fields.ts";
import { EVALUATION_STATUSES } from "../model/evaluation.ts";
import { createEvaluation } from "./create.ts";
import { nameEvaluation, unwrap } from "./evaluation-access.ts";
import { DETAIL_EXAMPLE, JOB_EXAMPLE, NEW_EVALUATION_EXAMPLE, PAGE_EXAMPLE } from "./evaluation-examples.ts";
import {
  analysedEvaluation,
  createdEvaluation,
  EVALUATION_PATH,
  evaluationJob,
  evaluationList,
  evaluationPath,
  EVALUATIONS_PATH,
  newEvaluation,
  retriedEvaluation,
} from "./evaluation-schemas.ts";
import { listEvaluations } from "./evaluation-store.ts";

const tags: ["Evaluations"] = ["Evaluations"];

const statusFilter = z
  .union([z.enum(EVALUATION_STATUSES), z.array(z.enum(EVALUATION_STATUSES))], {
    error: `must be one of ${EVALUATION_STATUSES.join(", ")}`,
  })
  .optional()
  .openapi({ type: "array", items: { type: "string" }, example: ["running"], description: "Any of these statuses" });

const create = operation({
  method: "post",
  path: EVALUATIONS_PATH,
  operationId: "createEvaluation",
  tags,
  summary: "Evaluate an agent on tasks",
  description:
    "Makes an item of every task in every attempt and begins as many at once as `concurrency` says. Versions are fixed now. Nothing " +
    "begins when one of the tasks cannot be evaluated: the 422 names each of them.",
  scope: "evaluation:write",
  isRepeatable: true,
  bodyLimit: (config) => config.EVALUATION_BODY_MAX_BYTES,
  errors: ["validation_failed", "invalid_request", "not_found"],
  request: {
    params: workspacePath,
    body: {
      required: true,
      content: { "application/json": { schema: newEvaluation, example: NEW_EVALUATION_EXAMPLE } },
    },
  },
  responses: {
    201: {
      description: "The evaluation",
      content: { "application/json": { schema: createdEvaluation, example: { ...JOB_EXAMPLE, warnings: [] } } },
    },
  },
});

const list = operation({
  method: "get",
  path: EVALUATIONS_PATH,
  operationId: "listEvaluations",
  tags,
  summary: "List evaluations, newest first",
  description: "While one is running, its numbers here may be some seconds old.",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: {
    params: workspacePath,
    query: pageQuery({ maximum: 200, fallback: 50 }).extend({
      status: statusFilter,
      "status[]": statusFilter,
      project_id: z
        .uuid()
        .optional()
        .openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003", description: "Only those of this project" }),
      search: z.string().max(200).optional().openapi({ example: "nightly", description: "Part of the name" }),
    }),
  },
  responses: {
    200: {
      description: "A page",
      content: {
        "application/json": { schema: evaluationList, example: { evaluations: [JOB_EXAMPLE], ...PAGE_EXAMPLE } },
      },
    },
  },
});

const get = operation({
  method: "get",
  path: EVALUATION_PATH,
  operationId: "getEvaluation",
  tags,
  summary: "Get an evaluation with all of its numbers",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: { params: evaluationPath },
  responses: {
    200: {
      description: "The evaluation",
      content: { "application/json": { schema: analysedEvaluation, example: DETAIL_EXAMPLE } },
    },
  },
});

const cancel = operation({
  method: "post",
  path: `${EVALUATION_PATH}/cancel`,
  operationId: "cancelEvaluation",
  tags,
  summary: "Cancel an evaluation",
  description:
    "Items that wait are cancelled at once, those at work are stopped and their processes killed. Repeating it changes nothing; an " +
    "evaluation that has ended otherwise answers 409.",
  scope: "evaluation:write",
  errors: ["validation_failed", "not_found", "conflict"],
  request: { params: evaluationPath },
  responses: {
    200: {
      description: "The evaluation",
      content: { "application/json": { schema: evaluationJob, example: JOB_EXAMPLE } },
    },
  },
});

const retryFailed = operation({
  method: "post",
  path: `${EVALUATION_PATH}/retry-failed`,
  operationId: "retryFailedEvaluation",
  tags,
  summary: "Try the items again that did not pass",
  description:
    "Queues every item that is failed, timed_out, cancelled or infra_error. What they had is kept in `result_json.tries`; the budget " +
    "counts anew.",
  scope: "evaluation:write",
  errors: ["validation_failed", "not_found", "conflict"],
  request: { params: evaluationPath },
  responses: {
    200: {
      description: "The evaluation",
      content: { "application/json": { schema: retriedEvaluation, example: { ...JOB_EXAMPLE, queued: 1 } } },
    },
  },
});

/** Evaluations: making, listing, reading, stopping, repeating (evaluations 2). */
export function evaluationRoutes(): Router {
  const routes = newRouter();

  routes.openapi(create, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const id = idToMake(c, "evaluation");
    const { job, workspaceKey } = await createEvaluation(c.env, caller, ws, id, c.req.valid("json"));
    const warnings = ignoredFields(newEvaluation, await c.req.json());
    const location = `/api/v1/org/${org}/ws/${workspaceKey}/evaluation/${id}`;
    return c.json({ ...job, warnings }, 201, { Location: location });
  });

  routes.openapi(list, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const { status, "status[]": bracketed, project_id, search, ...paging } = c.req.valid("query");
    const statuses = [status ?? [], bracketed ?? []].flat(2);
    const filter = { statuses, projectId: project_id, search };
    const { jobs, total } = await listEvaluations(databaseOf(c), caller, ws, filter, paging);
    // Written by the evaluation's own object, in the form that this answer has.
    const listed = { evaluations: jobs, ...describePage(paging, total) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    return c.json(listed as z.output<typeof evaluationList>, 200);
  });

  routes.openapi(get, async (c) => {
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    const { job, analytics } = unwrap(await handle.analyse(scope));
    return c.json({ ...job, analytics }, 200);
  });

  routes.openapi(cancel, async (c) => {
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    return c.json(unwrap(await handle.cancel(scope)).job, 200);
  });

  routes.openapi(retryFailed, async (c) => {
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    const { job, queued } = unwrap(await handle.retryFailed(scope));
    return c.json({ ...job, queued }, 200);
  });
  return routes;
}
