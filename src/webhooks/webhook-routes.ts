import { NO_STORE } from "../admin/access.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { organizationPath } from "../admin/fields.ts";
import { jsonAnswer, jsonBody, listQuery, NO_CONTENT, PAGE_EXAMPLE } from "../http/json-media.ts";
import { type AppContext, configOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { describePage } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { isDeliverable } from "./endpoint-address.ts";
import {
  deleteEndpoint,
  drawEndpointId,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
} from "./endpoint-store.ts";
import { drawSigningSecret, sealSecret } from "./sealed-secret.ts";
import {
  newWebhook,
  toWebhook,
  webhook,
  WEBHOOK_EXAMPLE,
  WEBHOOK_WITH_SECRET_EXAMPLE,
  webhookChange,
  webhookList,
  webhookPath,
  webhookWithSecret,
} from "./webhook-schemas.ts";

export const WEBHOOKS_PATH = "/api/v1/org/{org}/webhooks";
export const WEBHOOK_PATH = `${WEBHOOKS_PATH}/{webhook_id}` as const;

const list = operation({
  method: "get",
  path: WEBHOOKS_PATH,
  operationId: "listWebhooks",
  tags: ["Webhooks"],
  summary: "List the organization's webhooks, oldest first",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: organizationPath, query: listQuery },
  responses: {
    200: jsonAnswer("A page of webhooks", webhookList, { webhooks: [WEBHOOK_EXAMPLE], ...PAGE_EXAMPLE }),
  },
});

const create = operation({
  method: "post",
  path: WEBHOOKS_PATH,
  operationId: "createWebhook",
  tags: ["Webhooks"],
  summary: "Create a webhook",
  description: "An organization has at most 20. The answer holds the secret that signs what is sent, this once.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "conflict"],
  request: {
    params: organizationPath,
    body: jsonBody(newWebhook, { url: WEBHOOK_EXAMPLE.url, events: ["flows.tasks.completed"] }),
  },
  responses: { 201: jsonAnswer("The new webhook", webhookWithSecret, WEBHOOK_WITH_SECRET_EXAMPLE) },
});

const read = operation({
  method: "get",
  path: WEBHOOK_PATH,
  operationId: "getWebhook",
  tags: ["Webhooks"],
  summary: "Read a webhook",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: webhookPath },
  responses: { 200: jsonAnswer("The webhook, without its secret", webhook, WEBHOOK_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: WEBHOOK_PATH,
  operationId: "updateWebhook",
  tags: ["Webhooks"],
  summary: "Change a webhook, or switch it off and on",
  description: "What is under way to a webhook that is off is given up; what happens meanwhile is not kept for it.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: webhookPath, body: jsonBody(webhookChange, { enabled: false }) },
  responses: { 200: jsonAnswer("The webhook as it is now", webhook, { ...WEBHOOK_EXAMPLE, enabled: false }) },
});

const rotate = operation({
  method: "post",
  path: `${WEBHOOK_PATH}/rotate_secret`,
  operationId: "rotateWebhookSecret",
  tags: ["Webhooks"],
  summary: "Give a webhook another signing secret",
  description: "It signs from now on, also what is under way. The answer holds it this once.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: webhookPath },
  responses: { 200: jsonAnswer("The webhook with its new secret", webhookWithSecret, WEBHOOK_WITH_SECRET_EXAMPLE) },
});

const remove = operation({
  method: "delete",
  path: WEBHOOK_PATH,
  operationId: "deleteWebhook",
  tags: ["Webhooks"],
  summary: "Delete a webhook",
  description: "What is under way to it is given up.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: webhookPath },
  responses: NO_CONTENT,
});

/** A new signing secret, and how it is stored with its endpoint. */
async function makeSecret(c: AppContext, endpointId: string) {
  const [encryption] = configOf(c).WEBHOOK_ENCRYPTION_SECRETS;
  if (!encryption) throw new ApiError("server_error", "This server has no WEBHOOK_ENCRYPTION_SECRETS to keep secrets.");
  const secret = drawSigningSecret();
  return { secret, sealedSecret: await sealSecret(encryption, endpointId, secret) };
}

function refuseUndeliverable(c: AppContext, url: string): void {
  if (isDeliverable(url, configOf(c).WEBHOOK_HOSTS)) return;
  const msg = "Events are sent over https to names on the public internet, without user name, port or fragment";
  throw new ApiError("validation_failed", `Request validation failed. body.url: ${msg}`, {
    errors: [{ loc: ["body", "url"], msg, type: "url_not_allowed" }],
  });
}

/** Webhooks of an organization (workflow-files, "Webhooks"). */
export function webhookEndpointRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { organizationId } = requireOwnOrganization(c, c.req.valid("param").org);
    const page = c.req.valid("query");
    const { rows, total } = await listEndpoints(databaseOf(c), organizationId, page);
    return c.json({ webhooks: rows.map(toWebhook), ...describePage(page, total) }, 200);
  });

  routes.openapi(create, async (c) => {
    const { organizationId, userId } = requireOwnOrganization(c, c.req.valid("param").org);
    const { url, events } = c.req.valid("json");
    refuseUndeliverable(c, url);
    const id = drawEndpointId();
    const { secret, sealedSecret } = await makeSecret(c, id);
    const input = { id, url, events, sealedSecret, createdBy: userId };
    const row = await insertEndpoint(databaseOf(c), organizationId, input);
    return c.json({ ...toWebhook(row), secret }, 201, NO_STORE);
  });

  routes.openapi(read, async (c) => {
    const { org, webhook_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    return c.json(toWebhook(await findEndpoint(databaseOf(c), organizationId, webhook_id)), 200);
  });

  routes.openapi(update, async (c) => {
    const { org, webhook_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const change = c.req.valid("json");
    if (change.url !== undefined) refuseUndeliverable(c, change.url);
    return c.json(toWebhook(await updateEndpoint(databaseOf(c), organizationId, webhook_id, change)), 200);
  });

  routes.openapi(rotate, async (c) => {
    const { org, webhook_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const { secret, sealedSecret } = await makeSecret(c, webhook_id);
    const row = await updateEndpoint(databaseOf(c), organizationId, webhook_id, { sealedSecret });
    return c.json({ ...toWebhook(row), secret }, 200, NO_STORE);
  });

  routes.openapi(remove, async (c) => {
    const { org, webhook_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    await deleteEndpoint(databaseOf(c), organizationId, webhook_id);
    return c.body(null, 204);
  });

  return routes;
}
