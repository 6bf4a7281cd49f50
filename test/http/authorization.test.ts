import { beforeAll, describe, expect, test } from "vitest";
import { type Scope, SCOPES, grants } from "../../src/auth/scopes.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";
import { type DocumentedOperation, eachOperation, PUBLIC_OPERATIONS, readDocument } from "./operations.ts";

interface Operation {
  name: string;
  method: string;
  path: string;
  operation: DocumentedOperation;
}

const operations: Operation[] = [...eachOperation(await readDocument())];
const guarded = operations.filter(({ operation }) => operation["x-required-scope"]);
const scoped = guarded.filter(({ operation }) => operation["x-required-scope"] !== "any");
const ofOrganization = guarded.filter(({ path }) => path.includes("{org}"));
const ofProject = guarded.filter(({ path }) => path.startsWith("/api/projects/{project_id}"));

/** Needs no key but, for the first organization, the bootstrap secret. */
const BOOTSTRAP = "createOrganization";

let tenant: Tenant;
let stranger: Tenant;
const keys = { revoked: "", expired: "", suspended: "" };

beforeAll(async () => {
  [tenant, stranger] = [await createTenant(), await createTenant()];
  keys.revoked = await tenant.makeKey([...SCOPES], { revokedAt: new Date() });
  keys.suspended = await tenant.makeKey([...SCOPES], { suspendedAt: new Date() });
  keys.expired = await tenant.makeKey([...SCOPES], { expiresAt: new Date(Date.now() - 1000) });
});

/** A request to the operation on the tenant's organization, made of the document's own examples. */
function send({ method, path, operation }: Operation, key: string | undefined): Promise<Response> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((candidate) => candidate.in === "path" && candidate.name === name);
    const own = { org: tenant.org, project_id: tenant.projectId }[name];
    const example = own ?? String(parameter?.example ?? parameter?.schema?.example);
    return encodeURIComponent(example);
  });
  const headers = new Headers(key === undefined ? {} : { Authorization: `Bearer ${key}` });
  const json = operation.requestBody?.content?.["application/json"];
  if (json) headers.set("Content-Type", "application/json");
  const raw = operation.requestBody && !json;
  const example = json?.example ?? Object.values(json?.examples ?? {})[0]?.value;
  const body = json ? JSON.stringify(example) : raw ? new Uint8Array(8) : undefined;
  return call(filled, { method, headers, ...(body !== undefined && { body }) });
}

/** How each family names what authorization refuses. */
const REFUSALS = {
  key_required: { status: 401, type: "authentication_error", agentCode: "not_authenticated" },
  key_invalid: { status: 401, type: "authentication_error", agentCode: "authentication_failed" },
  key_inactive: { status: 401, type: "authentication_error", agentCode: "authentication_failed" },
  key_revoked: { status: 401, type: "authentication_error", agentCode: "authentication_failed" },
  key_expired: { status: 401, type: "expired_token_error", agentCode: "authentication_failed" },
  scope_missing: { status: 403, type: "forbidden_error", agentCode: "permission_denied" },
};

/** Paths of workflow files, whose bodies are `{detail}`. */
const isWorkflow = (path: string) => /^\/(tasks|files|core)\//.test(path);

/** The one agent operation whose refusals are bare (agent-tasks 9). */
const isEventStream = (path: string) => path.endsWith("/event_stream");

async function expectRefusal(
  { path }: Operation,
  response: Response,
  refusal: keyof typeof REFUSALS,
  detail: RegExp,
): Promise<void> {
  const { status, type, agentCode } = REFUSALS[refusal];
  const text = expect.stringMatching(detail);
  const agentBody = { type: "authentication_error", code: agentCode, attr: null, detail: text };
  const registryBody = { code: status, type, detail: text };
  const workflowBody = isWorkflow(path) ? { detail: text } : agentBody;
  const body = path.startsWith("/api/v1/") ? registryBody : workflowBody;
  expect(await response.json()).toMatchObject(isEventStream(path) ? { error: text } : body);
  expect(response.status).toBe(status);
}

/** A key that holds every scope which does not grant `needed`. */
function keyWithout(needed: Scope): Promise<string> {
  return tenant.makeKey(SCOPES.filter((scope) => !grants([scope], needed)));
}

test("only what is meant to be public is public", () => {
  const open = operations.filter(({ operation }) => !operation["x-required-scope"]);
  expect(open.map(({ operation }) => operation.operationId).sort()).toEqual([BOOTSTRAP, ...PUBLIC_OPERATIONS].sort());
  expect(guarded.length).toBeGreaterThan(30);
});

describe.each(guarded)("$name", (operation) => {
  test("no key: 401", async () => {
    const response = await send(operation, undefined);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
    await expectRefusal(operation, response, "key_required", /^API key required/);
  });

  test.each(["nonsense", `ty_${"0".repeat(24)}_${"0".repeat(64)}`])("bad key %s: 401", async (key) => {
    await expectRefusal(operation, await send(operation, key), "key_invalid", /^Invalid API key/);
  });

  test("revoked key: 401", async () => {
    await expectRefusal(operation, await send(operation, keys.revoked), "key_revoked", /revoked/);
  });

  test("key that is switched off: 401", async () => {
    await expectRefusal(operation, await send(operation, keys.suspended), "key_inactive", /inactive/);
  });

  test("expired key: 401", async () => {
    await expectRefusal(operation, await send(operation, keys.expired), "key_expired", /expired/);
  });
});

describe.each(scoped)("$name", (operation) => {
  test("missing scope: 403 that names it", async () => {
    const needed = SCOPES.find((scope) => scope === operation.operation["x-required-scope"]);
    if (!needed) throw new Error(`${operation.name}: unknown scope`);
    const response = await send(operation, await keyWithout(needed));
    await expectRefusal(operation, response, "scope_missing", new RegExp(`required scope '${needed}'`));
  });
});

describe.each(ofOrganization)("$name", (operation) => {
  test("another organization: 404", async () => {
    const response = await send(operation, stranger.adminKey);
    expect(await response.json()).toMatchObject({
      code: 404,
      type: "not_found_error",
      detail: expect.stringMatching(/not found/i),
    });
    expect(response.status).toBe(404);
  });
});

describe.each(ofProject)("$name", (operation) => {
  test("another organization's project: 404", async () => {
    const response = await send(operation, stranger.adminKey);
    const body = { type: "invalid_request", code: "not_found", detail: "Not found.", attr: null };
    expect(await response.json()).toEqual(isEventStream(operation.path) ? { error: "Not found." } : body);
    expect(response.status).toBe(404);
  });
});
