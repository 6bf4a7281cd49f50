import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import type { Caller } from "../../auth/caller.ts";
import type { Database } from "../../db/client.ts";
import { callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { describePage, pageQuery } from "../../http/paging.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { canSeeWithheld, organizationNotFound, requireFound, taskNotFound } from "./read-access.ts";
import {
  orgPath,
  TASK_DETAIL_EXAMPLE,
  TASK_SUMMARY_EXAMPLE,
  taskDetail,
  taskFacets,
  taskInstruction,
  taskListResponse,
  taskPath,
  taskVersionList,
  versionReference,
  visibilityUpdate,
} from "../registry-schemas.ts";
import { findDetail, findVersions, setVisibility, type TaskReference } from "./published-store.ts";
import { filterQuery, sortQuery, toFilter } from "./published-task-query.ts";
import { countFacets, searchTasks } from "./published-task-search.ts";
import { toTaskDetail, toTaskSummary } from "./published-task-view.ts";

/** Versions on one page; clients that know no pages get all of a task with fewer. */
const VERSIONS_PAGE = { maximum: 500, fallback: 200 };

const detailAnswer = (description: string) => ({
  description,
  content: { "application/json": { schema: taskDetail, example: TASK_DETAIL_EXAMPLE } },
});
const onePage = { page: 1, limit: 50, total: 1, total_pages: 1, has_next: false, has_previous: false };

const listTasks = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks",
  operationId: "listTasks",
  tags: ["Task registry"],
  summary: "List tasks",
  description: `One row per name, the latest version. Of another organization its public tasks are listed; one that has none is 404.
Filters that take several values are repeated (\`difficulty=easy&difficulty=hard\`); any of the values matches.`,
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: {
    params: orgPath,
    query: filterQuery.extend(sortQuery.shape).extend(pageQuery({ maximum: 100, fallback: 50 }).shape),
  },
  responses: {
    200: {
      description: "One page of tasks",
      content: {
        "application/json": { schema: taskListResponse, example: { tasks: [TASK_SUMMARY_EXAMPLE], ...onePage } },
      },
    },
  },
});

const listFacets = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/facets",
  operationId: "listTaskFacets",
  tags: ["Task registry"],
  summary: "Count the values that tasks can be filtered by",
  description:
    "Over the tasks that listTasks answers with the same filters; at most 100 values each, most frequent first.",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: orgPath, query: filterQuery },
  responses: {
    200: {
      description: "The values and how many tasks have each",
      content: {
        "application/json": {
          schema: taskFacets,
          example: {
            difficulty: [{ value: "medium", count: 1 }],
            tags: [{ value: "logs", count: 1 }],
            author: [{ value: "Acme Evals", count: 1 }],
            source: [],
            total: 1,
          },
        },
      },
    },
  },
});

const getTask = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}",
  operationId: "getTask",
  tags: ["Task registry"],
  summary: "Get a task's latest version",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: taskPath },
  responses: { 200: detailAnswer("The latest version") },
});

const listVersions = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/versions",
  operationId: "listTaskVersions",
  tags: ["Task registry"],
  summary: "List a task's versions, highest first",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: taskPath, query: pageQuery(VERSIONS_PAGE) },
  responses: {
    200: {
      description: "The latest version, and one page of all",
      content: {
        "application/json": {
          schema: taskVersionList,
          example: {
            latest: TASK_SUMMARY_EXAMPLE,
            versions: [TASK_SUMMARY_EXAMPLE],
            ...onePage,
            limit: VERSIONS_PAGE.fallback,
          },
        },
      },
    },
  },
});

const getInstruction = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/instruction",
  operationId: "getTaskInstruction",
  tags: ["Task registry"],
  summary: "Get what the agent is asked to do",
  description: `The latest version's instruction as it was published, with its placeholders. With \`sandbox_id\`: that of the
environment, with what its placeholders stand for there; the key needs environment:read too.`,
  scope: "task:read",
  errors: ["validation_failed", "not_found", "scope_missing"],
  request: {
    params: taskPath,
    query: z.object({
      sandbox_id: z.string().max(200).optional().openapi({
        example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201",
        description: "An environment of this task, by its `sandbox_id`",
      }),
    }),
  },
  responses: {
    200: {
      description: "The instruction",
      content: {
        "application/json": {
          schema: taskInstruction,
          example: { instruction: "Open {{web_url}} and log in.", resolved: false },
        },
      },
    },
  },
});

const updateVisibility = operation({
  method: "patch",
  path: "/api/v1/org/{org}/tasks/{name}/visibility",
  operationId: "updateTaskVisibility",
  tags: ["Task registry"],
  summary: "Make a task public or private, all versions of it",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found"],
  request: {
    params: taskPath,
    body: {
      required: true,
      content: { "application/json": { schema: visibilityUpdate, example: { is_public: true } } },
    },
  },
  responses: { 200: detailAnswer("The latest version, with the new visibility") },
});

const getVersion = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/{version}",
  operationId: "getTaskVersion",
  tags: ["Task registry"],
  summary: "Get one version of a task",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: taskPath.extend({ version: versionReference }) },
  responses: { 200: detailAnswer("The version") },
});

/** Finds the instruction of a sandbox of a task, its placeholders filled in; undefined when the caller knows none such. */
export type FindSandboxInstruction = (
  db: Database,
  caller: Caller,
  task: TaskReference,
  sandboxId: string,
) => Promise<{ instruction: string | null } | undefined>;

/** What is known of tasks beside their files. Paths with a fixed word come before those with a parameter there. */
export function taskRoutes(findSandboxInstruction: FindSandboxInstruction): Router {
  const routes = newRouter();

  routes.openapi(listTasks, async (c) => {
    const { sort_by: by, sort_dir: direction, page, limit, ...query } = c.req.valid("query");
    const { org } = c.req.valid("param");
    const paging = { page, limit };
    const found = await searchTasks(databaseOf(c), callerOf(c), org, toFilter(query), { by, direction }, paging);
    if (found === undefined) throw organizationNotFound(org);
    return c.json({ tasks: found.rows.map(toTaskSummary), ...describePage(paging, found.total) }, 200);
  });

  routes.openapi(listFacets, async (c) => {
    const { org } = c.req.valid("param");
    const facets = await countFacets(databaseOf(c), callerOf(c), org, toFilter(c.req.valid("query")));
    if (facets === undefined) throw organizationNotFound(org);
    return c.json(facets, 200);
  });

  routes.openapi(getTask, async (c) => {
    const task = c.req.valid("param");
    const caller = callerOf(c);
    const row = requireFound(await findDetail(databaseOf(c), caller, task, { version: "latest" }), task);
    return c.json(toTaskDetail(row, canSeeWithheld(caller, row.organization)), 200);
  });

  routes.openapi(listVersions, async (c) => {
    const task = c.req.valid("param");
    const paging = c.req.valid("query");
    const found = await findVersions(databaseOf(c), callerOf(c), task, paging);
    if (found === undefined) throw taskNotFound(task);
    const versions = found.versions.map(toTaskSummary);
    return c.json({ latest: toTaskSummary(found.latest), versions, ...describePage(paging, found.total) }, 200);
  });

  routes.openapi(getInstruction, async (c) => {
    const task = c.req.valid("param");
    const { sandbox_id: sandboxId } = c.req.valid("query");
    const [db, caller] = [databaseOf(c), callerOf(c)];
    const { version } = requireFound(await findDetail(db, caller, task, { version: "latest" }), task);
    if (sandboxId === undefined) return c.json({ instruction: version.instruction, resolved: false }, 200);
    const found = await findSandboxInstruction(db, caller, task, sandboxId);
    if (!found) throw new ApiError("not_found", `Task '${task.org}/${task.name}' has no sandbox '${sandboxId}'.`);
    return c.json({ instruction: found.instruction, resolved: true }, 200);
  });

  routes.openapi(updateVisibility, async (c) => {
    const { org, name } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const { is_public: isPublic } = c.req.valid("json");
    const row = requireFound(await setVisibility(databaseOf(c), caller, name, isPublic), { org, name });
    return c.json(toTaskDetail(row, true), 200);
  });

  routes.openapi(getVersion, async (c) => {
    const { version, ...task } = c.req.valid("param");
    const caller = callerOf(c);
    const row = requireFound(await findDetail(databaseOf(c), caller, task, { version }), task, { version });
    return c.json(toTaskDetail(row, canSeeWithheld(caller, row.organization)), 200);
  });
  return routes;
}
