import { z } from "@hono/zod-openapi";
import { workspacePath } from "../../admin/fields.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { comparison } from "../statistics/comparison-schema.ts";
import { compareEvaluations } from "../statistics/comparison.ts";
import { nameEvaluation, unwrap } from "./evaluation-access.ts";
import { COMPARISON_EXAMPLE } from "./evaluation-examples.ts";
import { EVALUATION_ID_EXAMPLE, EVALUATIONS_PATH } from "./evaluation-schemas.ts";

const OTHER_ID_EXAMPLE = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be403";

const UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

const pair = z
  .string()
  .regex(new RegExp(`^${UUID},${UUID}$`), "must be two ids of evaluations with a comma between them")
  .openapi({ example: `${EVALUATION_ID_EXAMPLE},${OTHER_ID_EXAMPLE}`, description: "Two ids: a and b" });

const compare = operation({
  method: "get",
  path: `${EVALUATIONS_PATH}/compare`,
  operationId: "compareEvaluations",
  tags: ["Evaluations"],
  summary: "Compare two evaluations task by task",
  description:
    "On the tasks that both have done: both pass rates, the difference b - a, and whether it is more than noise. " +
    "docs/evaluation-statistics.md has the methods.",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found"],
  request: { params: workspacePath, query: z.object({ ids: pair }) },
  responses: {
    200: {
      description: "The comparison",
      content: { "application/json": { schema: comparison, example: COMPARISON_EXAMPLE } },
    },
  },
});

/** Comparing evaluations (evaluations 2). Mount it before the routes of single ones. */
export function compareRoutes(): Router {
  const routes = newRouter();

  routes.openapi(compare, async (c) => {
    const path = c.req.valid("param");
    const both = c.req
      .valid("query")
      .ids.split(",")
      .map(async (id) => {
        const { handle, scope } = nameEvaluation(c, { ...path, evaluation_id: id });
        return unwrap(await handle.results(scope), `Evaluation ${id}`).results;
      });
    const [a = [], b = []] = await Promise.all(both);
    return c.json(compareEvaluations(a, b), 200);
  });
  return routes;
}
