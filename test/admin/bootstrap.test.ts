import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { count } from "drizzle-orm";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { apiKeys, organizations, projects, users, workspaces } from "../../src/db/schema.ts";
import { callConfigured } from "../configured.ts";
import { expectError, statusesOf } from "./answers.ts";

const SECRET = "test-bootstrap-secret-0123456789abcdef";
const BODY = { key: "acme", name: "Acme", owner: { username: "ada", email: "Ada@Example.com", name: "Ada" } };

interface Created {
  organization: { id: string; key: string; member_count: number };
  user: { id: string; role: string; email_address: string };
  workspace: { id: string; key: string; is_default: boolean; project_count: number; org_name: string };
  project: { id: string; number: number; key: string; is_default: boolean; workspace_id: string };
  api_key: { id: string; key: string; scopes: string[] };
}

/** A database of its own: others share theirs, and this one is emptied. */
const { EMPTY_DB: DB } = env;

function create(token: string | undefined, body: unknown = BODY): Promise<Response> {
  return callConfigured({ DB }, "/api/v1/organizations", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
}

beforeAll(() => applyD1Migrations(DB, env.TEST_MIGRATIONS));

/** A new deployment: no organization in the database. */
beforeEach(async () => {
  const db = connect(DB);
  await db.batch([
    db.delete(apiKeys),
    db.delete(projects),
    db.delete(workspaces),
    db.delete(users),
    db.delete(organizations),
  ]);
});

test("the bootstrap secret creates the first organization with everything a client needs", async () => {
  const response = await create(SECRET);
  expect(response.status).toBe(201);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const { organization, user, workspace, project, api_key } = await response.json<Created>();
  expect(organization).toMatchObject({ key: "acme", name: "Acme", member_count: 1, description: null });
  expect(user).toMatchObject({ role: "owner", email_address: "ada@example.com", org_id: organization.id });
  expect(workspace).toMatchObject({ key: "main", is_default: true, project_count: 1, org_name: "Acme" });
  expect(project).toMatchObject({ key: "default", is_default: true, workspace_id: workspace.id });
  expect(api_key).toMatchObject({ scopes: ["admin"], user_id: user.id, active: true });
  expect(Number.isInteger(project.number)).toBe(true);
  const another = await create(api_key.key, { key: "other", name: "Other" });
  expect(another.status).toBe(201);
});

test("of bootstraps at the same time exactly one wins", async () => {
  const keys = Array.from({ length: 8 }, (_, index) => `race-${index}`);
  const answers = await Promise.all(keys.map((key) => create(SECRET, { ...BODY, key })));
  expect(statusesOf(answers)).toEqual([201, ...Array<number>(7).fill(409)]);
  const lost = answers.find((answer) => answer.status === 409);
  expect(await lost?.json()).toMatchObject({ type: "conflict_error", detail: expect.stringContaining("admin key") });
  const db = connect(DB);
  for (const table of [organizations, users, workspaces, projects, apiKeys]) {
    expect(await db.select({ rows: count() }).from(table)).toEqual([{ rows: 1 }]);
  }
});

test("the bootstrap secret is refused once there is an organization", async () => {
  expect((await create(SECRET)).status).toBe(201);
  const response = await create(SECRET);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: 409, type: "conflict_error" });
});

test("without a key the request is refused before the body is looked at", async () => {
  await expectError(create(undefined, { nonsense: true }), 401, "authentication_error", "API key required");
});

test.for(["wrong-bootstrap-secret-0123456789", SECRET.slice(0, -1), `${SECRET}0`])(
  "the wrong secret '%s' is refused before the body is looked at, without being repeated",
  async (secret) => {
    const response = await create(secret, { nonsense: true });
    expect(await response.clone().text()).not.toContain(secret);
    await expectError(response, 401, "authentication_error", "Invalid API key.");
  },
);

test("without a configured secret nothing bootstraps", async () => {
  const response = await callConfigured({ DB, BOOTSTRAP_SECRET: undefined }, "/api/v1/organizations", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${SECRET}` },
    body: JSON.stringify(BODY),
  });
  await expectError(response, 401, "authentication_error", "Invalid API key.");
});

test("guesses at the secret are limited per address, right ones too", async () => {
  const keys: string[] = [];
  const full = { limit: ({ key }: { key: string }) => Promise.resolve({ success: keys.push(key) === 0 }) };
  const response = await callConfigured({ DB, RATE_LIMIT: full }, "/api/v1/organizations", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${SECRET}`,
      "CF-Connecting-IP": "192.0.2.7",
    },
    body: JSON.stringify(BODY),
  });
  expect(response.headers.get("retry-after")).toBe("60");
  await expectError(response, 429, "usage_limit_exceeded_error", "throttled");
  expect(keys).toEqual(["bootstrap:192.0.2.7"]);
});

test("the secret is a Bearer token only", async () => {
  const headers = { "Content-Type": "application/json", "X-API-Key": SECRET };
  const init = { method: "POST", headers, body: JSON.stringify(BODY) };
  const response = await callConfigured({ DB }, "/api/v1/organizations", init);
  expect(response.status).toBe(401);
});

test("the bootstrap needs an owner", async () => {
  const response = await create(SECRET, { key: "acme", name: "Acme" });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    type: "validation_error",
    errors: [{ loc: ["body", "owner"], type: "invalid_type" }],
  });
});

test.for(["org", "user", "auth", "inference", "training", "api", "docs", "health", "admin", "latest"])(
  "the organization key %s is reserved",
  async (key) => {
    const response = await create(SECRET, { ...BODY, key });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ loc: ["body", "key"], msg: "This key is reserved" }] });
  },
);

test.for(["Acme", "-acme", "a_b", "openapi.json", "", "a".repeat(64)])(
  "the organization key '%s' is refused",
  async (key) => {
    expect((await create(SECRET, { ...BODY, key })).status).toBe(422);
  },
);

test("a key of one letter or of 63 characters is taken", async () => {
  const first = await create(SECRET, { ...BODY, key: "a" });
  expect(first.status).toBe(201);
  const { api_key } = await first.json<Created>();
  expect((await create(api_key.key, { key: "b".repeat(63), name: "Long" })).status).toBe(201);
});
