import { beforeAll, describe, expect, test } from "vitest";
import { type Scope, SCOPES, grants } from "../../src/auth/scopes.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";
import { type DocumentedOperation, eachOperation, readDocument } from "./operations.ts";

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

/** Operations that need no key, and the one whose first use is opened by the bootstrap secret. */
const PUBLIC = ["getHealth"];
const BOOTSTRAP = "createOrganization";

let tenant: Tenant;
let stranger: Tenant;
const keys = { revoked: "", expired: "" };

beforeAll(async () => {
  [tenant, stranger] = [await createTenant(), await createTenant()];
  keys.revoked = await tenant.makeKey([...SCOPES], { revokedAt: new Date() });
  keys.expired = await tenant.makeKey([...SCOPES], { expiresAt: new Date(Date.now() - 1000) });
});

/** A request to the operation on the tenant's organization, made of the document's own examples. */
function send({ method, path, operation }: Operation, key: string | undefined): Promise<Response> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((candidate) => candidate.in === "path" && candidate.name === name);
    const example = name === "org" ? tenant.org : String(parameter?.example ?? parameter?.schema?.example);
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

async function expectError(response: Response, status: number, type: string, detail: RegExp): Promise<void> {
  expect(await response.json()).toMatchObject({ code: status, type, detail: expect.stringMatching(detail) });
  expect(response.status).toBe(status);
}

/** A key that holds every scope which does not grant `needed`. */
function keyWithout(needed: Scope): Promise<string> {
  return tenant.makeKey(SCOPES.filter((scope) => !grants([scope], needed)));
}

test("only what is meant to be public is public", () => {
  const open = operations.filter(({ operation }) => !operation["x-required-scope"]);
  expect(open.map(({ operation }) => operation.operationId).sort()).toEqual([BOOTSTRAP, ...PUBLIC].sort());
  expect(guarded.length).toBeGreaterThan(30);
});

describe.each(guarded)("$name", (operation) => {
  test("no key: 401", async () => {
    const response = await send(operation, undefined);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
    await expectError(response, 401, "authentication_error", /^API key required/);
  });

  test.each(["nonsense", `ty_${"0".repeat(24)}_${"0".repeat(64)}`])("bad key %s: 401", async (key) => {
    await expectError(await send(operation, key), 401, "authentication_error", /^Invalid API key/);
  });

  test("revoked key: 401", async () => {
    await expectError(await send(operation, keys.revoked), 401, "authentication_error", /revoked/);
  });

  test("expired key: 401", async () => {
    await expectError(await send(operation, keys.expired), 401, "expired_token_error", /expired/);
  });
});

describe.each(scoped)("$name", (operation) => {
  test("missing scope: 403 that names it", async () => {
    const needed = SCOPES.find((scope) => scope === operation.operation["x-required-scope"]);
    if (!needed) throw new Error(`${operation.name}: unknown scope`);
    const response = await send(operation, await keyWithout(needed));
    await expectError(response, 403, "forbidden_error", new RegExp(`required scope '${needed}'`));
  });
});

describe.each(ofOrganization)("$name", (operation) => {
  test("another organization: 404", async () => {
    await expectError(await send(operation, stranger.adminKey), 404, "not_found_error", /not found/i);
  });
});
