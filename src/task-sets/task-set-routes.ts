import { callerOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { jsonAnswer, jsonBody, NO_CONTENT, PAGE_EXAMPLE } from "../http/json-media.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { operation } from "../http/operation.ts";
import { describePage } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { orgPath } from "../registry/registry-schemas.ts";
import { qualifyTasks } from "./task-references.ts";
import {
  newTaskSet,
  setFilter,
  setListQuery,
  setPath,
  setVersionPath,
  SUMMARY_EXAMPLE,
  taskSet,
  TASK_SET_EXAMPLE,
  taskSetChange,
  taskSetFacets,
  taskSetList,
  taskSetVersionList,
  VERSION_EXAMPLE,
  versionListQuery,
} from "./task-set-schemas.ts";
import {
  countFacets,
  deleteSet,
  findSet,
  findVersions,
  insertSet,
  searchSets,
  type SetFilter,
  type SetReference,
  updateSet,
} from "./task-set-store.ts";
import { toTaskSet, toTaskSetSummary } from "./task-set-view.ts";

const SETS_PATH = "/api/v1/org/{org}/task-sets";
const SET_PATH = `${SETS_PATH}/{name}` as const;

const create = operation({
  method: "post",
  path: SETS_PATH,
  operationId: "createTaskSet",
  tags: ["Task sets"],
  summary: "Create a task set",
  description:
    "Every task has to be there for who makes the set, or the answer names each that is not. Tasks are kept with their organization.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "already_exists"],
  request: {
    params: orgPath,
    body: jsonBody(newTaskSet, { name: "nightly", tasks: ["log-triage@1.2.0", "web-login"], tags: ["smoke"] }),
  },
  responses: { 201: jsonAnswer("The new set", taskSet, { ...TASK_SET_EXAMPLE, version: 1 }) },
});

const list = operation({
  method: "get",
  path: SETS_PATH,
  operationId: "listTaskSets",
  tags: ["Task sets"],
  summary: "List task sets",
  description: "Of another organization its public sets are listed; one that has none is 404.",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: orgPath, query: setListQuery },
  responses: {
    200: jsonAnswer("A page of task sets", taskSetList, { task_sets: [SUMMARY_EXAMPLE], ...PAGE_EXAMPLE, limit: 50 }),
  },
});

const facets = operation({
  method: "get",
  path: `${SETS_PATH}/facets`,
  operationId: "listTaskSetFacets",
  tags: ["Task sets"],
  summary: "Count the values that task sets can be filtered by",
  description: "Over the sets that listTaskSets answers with the same filters.",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: orgPath, query: setFilter },
  responses: {
    200: jsonAnswer("The values and how many sets have each", taskSetFacets, {
      tags: [{ value: "smoke", count: 1 }],
      visibility: [{ value: "private", count: 1 }],
      total: 1,
    }),
  },
});

const read = operation({
  method: "get",
  path: SET_PATH,
  operationId: "getTaskSet",
  tags: ["Task sets"],
  summary: "Get a task set as it is now",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: setPath },
  responses: { 200: jsonAnswer("The set with its tasks", taskSet, TASK_SET_EXAMPLE) },
});

const listVersions = operation({
  method: "get",
  path: `${SET_PATH}/versions`,
  operationId: "listTaskSetVersions",
  tags: ["Task sets"],
  summary: "List the versions of a task set, highest first",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: setPath, query: versionListQuery },
  responses: {
    200: jsonAnswer("A page of versions", taskSetVersionList, { versions: [VERSION_EXAMPLE], ...PAGE_EXAMPLE }),
  },
});

const readVersion = operation({
  method: "get",
  path: `${SET_PATH}/{set_version}`,
  operationId: "getTaskSetVersion",
  tags: ["Task sets"],
  summary: "Get what a task set held in one of its versions",
  description: "The tasks are those of the version; description, tags and visibility are of now.",
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: { params: setVersionPath },
  responses: { 200: jsonAnswer("The set with the tasks of the version", taskSet, TASK_SET_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: SET_PATH,
  operationId: "updateTaskSet",
  tags: ["Task sets"],
  summary: "Change a task set",
  description:
    "What is left out stays, and a description that is null is cleared. Other `tasks` than it has are its next version; the same ones are not.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: setPath, body: jsonBody(taskSetChange, { is_public: true }) },
  responses: { 200: jsonAnswer("The set as it is now", taskSet, { ...TASK_SET_EXAMPLE, is_public: true }) },
});

const remove = operation({
  method: "delete",
  path: SET_PATH,
  operationId: "deleteTaskSet",
  tags: ["Task sets"],
  summary: "Delete a task set with all its versions",
  description:
    "The tasks stay, and so do evaluations that were made from the set: they know their tasks by themselves.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: setPath },
  responses: NO_CONTENT,
});

/** A private set of another organization and one that does not exist are told in the same words. */
function requireSet<Row>(row: Row | undefined, { org, name }: SetReference, version = "latest"): Row {
  if (row !== undefined) return row;
  const which = version === "latest" ? "" : ` in version ${version}`;
  throw new ApiError("not_found", `Task set '${org}/${name}' not found${which}.`);
}

function toFilter(query: {
  search?: string | undefined;
  tags?: string | string[] | undefined;
  "tags[]"?: string | string[] | undefined;
  include_public: boolean;
}): SetFilter {
  return {
    search: query.search,
    tags: [query.tags ?? [], query["tags[]"] ?? []].flat(2),
    includePublic: query.include_public,
  };
}

/** Task sets (contract A1). Paths with a fixed word come before those with a parameter there. */
export function taskSetRoutes(): Router {
  const routes = newRouter();

  routes.openapi(create, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    const [db, wanted] = [databaseOf(c), c.req.valid("json")];
    const tasks = await qualifyTasks(db, caller, wanted.tasks);
    return c.json(toTaskSet(await insertSet(db, caller, wanted, tasks)), 201);
  });

  routes.openapi(list, async (c) => {
    const { sort_by: by, sort_dir: direction, page, limit, ...query } = c.req.valid("query");
    const { org } = c.req.valid("param");
    const paging = { page, limit };
    const found = await searchSets(databaseOf(c), callerOf(c), org, toFilter(query), { by, direction }, paging);
    return c.json({ task_sets: found.rows.map(toTaskSetSummary), ...describePage(paging, found.total) }, 200);
  });

  routes.openapi(facets, async (c) => {
    const { org } = c.req.valid("param");
    return c.json(await countFacets(databaseOf(c), callerOf(c), org, toFilter(c.req.valid("query"))), 200);
  });

  routes.openapi(read, async (c) => {
    const set = c.req.valid("param");
    const row = await findSet(databaseOf(c), callerOf(c), set, "latest");
    return c.json(toTaskSet(requireSet(row, set)), 200);
  });

  routes.openapi(listVersions, async (c) => {
    const [set, paging] = [c.req.valid("param"), c.req.valid("query")];
    const { rows, total } = requireSet(await findVersions(databaseOf(c), callerOf(c), set, paging), set);
    const versions = rows.map(({ version, taskCount, createdBy, createdAt }) => ({
      version,
      task_count: taskCount,
      created_by: createdBy,
      created_at: createdAt.toISOString(),
    }));
    return c.json({ versions, ...describePage(paging, total) }, 200);
  });

  routes.openapi(readVersion, async (c) => {
    const { set_version: version, ...set } = c.req.valid("param");
    const row = await findSet(databaseOf(c), callerOf(c), set, version);
    return c.json(toTaskSet(requireSet(row, set, version)), 200);
  });

  routes.openapi(update, async (c) => {
    const { org, name } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const [db, change] = [databaseOf(c), c.req.valid("json")];
    const tasks = change.tasks && (await qualifyTasks(db, caller, change.tasks));
    return c.json(toTaskSet(requireSet(await updateSet(db, caller, name, change, tasks), { org, name })), 200);
  });

  routes.openapi(remove, async (c) => {
    const { org, name } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    if (!(await deleteSet(databaseOf(c), caller, name))) requireSet(undefined, { org, name });
    return c.body(null, 204);
  });

  return routes;
}
