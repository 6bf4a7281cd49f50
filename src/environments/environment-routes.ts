import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { NO_STORE } from "../admin/access.ts";
import { workspacePath } from "../admin/fields.ts";
import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { idempotencyKey, replayedHeader } from "../http/idempotency.ts";
import { operation } from "../http/operation.ts";
import { describePage, pageQuery } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { ignoredFields } from "../http/unknown-fields.ts";
import { createEnvironment } from "./create.ts";
import { nameEnvironment, unwrap } from "./environment-access.ts";
import type { EnvironmentRow, SandboxState } from "./object/environment-record.ts";
import { toEnvironment, toStatus } from "./environment-view.ts";
import {
  ENVIRONMENT_EXAMPLE,
  ENVIRONMENT_PATH,
  environmentList,
  environmentLogs,
  environmentPath,
  environmentResponse,
  ENVIRONMENTS_PATH,
  environmentStatus,
  extension,
  newEnvironment,
  STATUS_EXAMPLE,
} from "./environment-schemas.ts";
import { listEnvironments } from "./environment-store.ts";
import { waitsOf } from "./waits.ts";

const tags: ["Environments"] = ["Environments"];

const sandboxState = z.enum(["running", "paused", "killed"]);
const stateFilter = z
  .union([sandboxState, z.array(sandboxState)], { error: "must be running, paused or killed" })
  .optional()
  .openapi({
    type: "array",
    items: { type: "string" },
    example: ["running"],
    description: "Sandbox states, any of them; repeated for several",
  });

const answer = (description: string) => ({
  200: { description, content: { "application/json": { schema: environmentResponse, example: ENVIRONMENT_EXAMPLE } } },
});

const create = operation({
  method: "post",
  path: ENVIRONMENTS_PATH,
  operationId: "createEnvironment",
  tags,
  summary: "Provision a task",
  description: `Answers at once; poll \`…/status\` until it is \`ready\`. \`execute_token\` is shown in this answer only. With an
\`Idempotency-Key\` a request can be sent again: it answers with the environment that is there and another token that opens it.`,
  scope: "environment:write",
  errors: ["not_found", "invalid_request", "conflict", "sandbox_capacity_exceeded"],
  request: {
    params: workspacePath,
    headers: z.object({
      "idempotency-key": idempotencyKey.openapi({
        example: "rollout-17-attempt",
        description: "Of your choice; unique in the workspace",
      }),
    }),
    body: {
      required: true,
      content: { "application/json": { schema: newEnvironment, example: { task_ref: "log-triage@1.2.0" } } },
    },
  },
  responses: {
    201: {
      description: "The environment, with its token",
      headers: {
        Location: { schema: { type: "string" }, description: "Its own path" },
        "Idempotency-Replayed": replayedHeader,
      },
      content: {
        "application/json": {
          schema: environmentResponse,
          example: { ...ENVIRONMENT_EXAMPLE, state: "provisioning", service_urls: null, execute_token: "tye_…" },
        },
      },
    },
  },
});

const list = operation({
  method: "get",
  path: ENVIRONMENTS_PATH,
  operationId: "listEnvironments",
  tags,
  summary: "List a workspace's environments, newest first",
  scope: "environment:read",
  errors: ["validation_failed", "not_found"],
  request: {
    params: workspacePath,
    query: pageQuery({ maximum: 200, fallback: 50 }).extend({ state: stateFilter, "state[]": stateFilter }),
  },
  responses: {
    200: {
      description: "One page of environments",
      content: {
        "application/json": {
          schema: environmentList,
          example: {
            environments: [ENVIRONMENT_EXAMPLE],
            page: 1,
            limit: 50,
            total: 1,
            total_pages: 1,
            has_next: false,
            has_previous: false,
          },
        },
      },
    },
  },
});

const get = operation({
  method: "get",
  path: ENVIRONMENT_PATH,
  operationId: "getEnvironment",
  tags,
  summary: "Get an environment",
  scope: "environment:read",
  errors: ["validation_failed", "not_found"],
  request: { params: environmentPath },
  responses: answer("The environment"),
});

const getStatus = operation({
  method: "get",
  path: `${ENVIRONMENT_PATH}/status`,
  operationId: "getEnvironmentStatus",
  tags,
  summary: "Get what changes of an environment",
  scope: "environment:read",
  errors: ["validation_failed", "not_found"],
  request: { params: environmentPath },
  responses: {
    200: {
      description: "Its state",
      content: { "application/json": { schema: environmentStatus, example: STATUS_EXAMPLE } },
    },
  },
});

const getLogs = operation({
  method: "get",
  path: `${ENVIRONMENT_PATH}/logs`,
  operationId: "getEnvironmentLogs",
  tags,
  summary: "Read what provisioning and teardown did",
  description: "The last 1,000 lines. What commands write is not in it.",
  scope: "environment:read",
  errors: ["validation_failed", "not_found"],
  request: { params: environmentPath },
  responses: {
    200: {
      description: "Lines, each with its time",
      content: {
        "application/json": {
          schema: environmentLogs,
          example: { logs: "2026-11-01T09:30:00.000Z The environment is ready.\n" },
        },
      },
    },
  },
});

const remove = operation({
  method: "delete",
  path: ENVIRONMENT_PATH,
  operationId: "deleteEnvironment",
  tags,
  summary: "Tear an environment down",
  description: "Its commands are killed at once; its sandbox is given back afterwards. Safe to repeat.",
  scope: "environment:write",
  errors: ["validation_failed", "not_found"],
  request: { params: environmentPath },
  responses: answer("The environment, torn down"),
});

const extend = operation({
  method: "post",
  path: `${ENVIRONMENT_PATH}/extend`,
  operationId: "extendEnvironment",
  tags,
  summary: "Have an environment live longer",
  description: "Until `extend_seconds` from now at least, within the organization's maximum. Safe to repeat.",
  scope: "environment:write",
  errors: ["not_found", "conflict"],
  request: {
    params: environmentPath,
    body: {
      required: true,
      content: { "application/json": { schema: extension, example: { extend_seconds: 300 } } },
    },
  },
  responses: answer("The environment, with its new `expires_at`"),
});

/** The life of environments (A3). */
export function environmentLifeRoutes(): Router {
  const routes = newRouter();

  routes.openapi(create, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const key = c.req.valid("header")["idempotency-key"];
    const { row, token, repeated } = await createEnvironment(c.env, caller, ws, c.req.valid("json"), key);
    const location = `/api/v1/org/${org}/ws/${row.workspaceKey}/environments/${row.id}`;
    const replayed = repeated ? { "Idempotency-Replayed": "true" } : {};
    const { warnings, ...made } = toEnvironment(row, caller, { token, ...(await also(c, row)) });
    const ignored = ignoredFields(newEnvironment, await c.req.json());
    return c.json({ ...made, warnings: [...warnings, ...ignored] }, 201, {
      ...NO_STORE,
      Location: location,
      ...replayed,
    });
  });

  routes.openapi(list, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const { state, "state[]": bracketed, ...paging } = c.req.valid("query");
    const states: SandboxState[] = [state ?? [], bracketed ?? []].flat(2);
    const { rows, total } = await listEnvironments(databaseOf(c), caller, ws, states, paging);
    const waits = await waitsOf(c.env, caller.organizationId, rows);
    const environments = rows.map((row) => toEnvironment(row, caller, { wait: waits[row.id] }));
    return c.json({ environments, ...describePage(paging, total) }, 200);
  });

  routes.openapi(get, async (c) => {
    const { handle, scope } = nameEnvironment(c, c.req.valid("param"));
    const { row } = unwrap(await handle.read(scope));
    return c.json(toEnvironment(row, callerOf(c), await also(c, row)), 200);
  });

  routes.openapi(getStatus, async (c) => {
    const { handle, scope } = nameEnvironment(c, c.req.valid("param"));
    const { row } = unwrap(await handle.read(scope));
    return c.json(toStatus(row, callerOf(c), await also(c, row)), 200);
  });

  routes.openapi(getLogs, async (c) => {
    const { handle, scope } = nameEnvironment(c, c.req.valid("param"));
    const { text } = unwrap(await handle.readLog(scope));
    return c.json({ logs: text }, 200);
  });

  routes.openapi(remove, async (c) => {
    const { handle, scope } = nameEnvironment(c, c.req.valid("param"));
    const { row } = unwrap(await handle.tearDown(scope));
    return c.json(toEnvironment(row, callerOf(c), await also(c, row)), 200);
  });

  routes.openapi(extend, async (c) => {
    const { handle, scope } = nameEnvironment(c, c.req.valid("param"));
    const { row } = unwrap(await handle.extend(scope, c.req.valid("json").extend_seconds));
    const { warnings, ...extended } = toEnvironment(row, callerOf(c), await also(c, row));
    const ignored = ignoredFields(extension, await c.req.json());
    return c.json({ ...extended, warnings: [...warnings, ...ignored] }, 200);
  });
  return routes;
}

/** What the environment waits for, when it does. */
async function also(c: AppContext, row: EnvironmentRow) {
  return { wait: (await waitsOf(c.env, row.organizationId, [row]))[row.id] };
}
