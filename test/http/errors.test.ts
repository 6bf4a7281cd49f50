import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { callConfigured } from "../configured.ts";
import { call, createTenant } from "../tenant.ts";

describe("each family answers in its own body", () => {
  const unknown: [path: string, body: unknown][] = [
    ["/api/v1/nothing", { code: 404, detail: "Endpoint not found.", type: "not_found_error" }],
    ["/nothing", { code: 404, detail: "Endpoint not found.", type: "not_found_error" }],
    [
      "/api/projects/1/nothing",
      { type: "invalid_request", code: "not_found", detail: "Endpoint not found.", attr: null },
    ],
    [
      "/api/environments/1/nothing/",
      { type: "invalid_request", code: "not_found", detail: "Endpoint not found.", attr: null },
    ],
    ["/tasks/1/nothing", { detail: "Endpoint not found." }],
    ["/core/nothing", { detail: "Endpoint not found." }],
    ["/v2/nothing", { errors: [{ code: "UNSUPPORTED", message: "Endpoint not found." }] }],
  ];
  test.each(unknown)("unknown path %s", async (path, body) => {
    const response = await call(path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toEqual(body);
  });

  test("wrong method is 405 with Allow", async () => {
    const response = await call("/health", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.json()).toEqual({
      code: 405,
      detail: 'Method "DELETE" not allowed.',
      type: "invalid_error",
    });
  });

  const EVENTS = "/api/projects/1/tasks/1/runs/1/event_stream";
  test.each([
    ["a method that it does not have", "GET", {}, 405, 'Method "GET" not allowed.'],
    ["no key", "POST", {}, 401, expect.any(String)],
    ["a client that is too old", "POST", { "User-Agent": "old/1.0.0" }, 426, expect.stringContaining("old 1.0.0")],
  ])("an operation with bodies of its own has them for %s", async (_, method, headers, status, error) => {
    const response = await callConfigured({ MIN_CLIENT_VERSIONS: '{"old":"2.0.0"}' }, EVENTS, { method, headers });
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });
});

/** Posts a workspace of one's own with this body. */
const post = async (body: BodyInit, contentType: string | null) => {
  const tenant = await createTenant();
  const request = new Request("https://taskyard.test/", { method: "POST", body });
  const headers = new Headers(contentType === null ? {} : { "Content-Type": contentType });
  return tenant.api(`/org/${tenant.org}/ws`, { method: "POST", body: await request.arrayBuffer(), headers });
};

describe("JSON bodies", () => {
  test("malformed JSON is 400 invalid_error", async () => {
    const response = await post('{"key": ', "application/json");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 400, type: "invalid_error", detail: /JSON parse error/ });
  });

  test.each(["text/plain", "application/xml", null])("content type %s is 415", async (contentType) => {
    const response = await post('{"key": "a"}', contentType);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 415, type: "invalid_error", detail: /application\/json/ });
  });

  test("a body above the limit is 413 and says the limit", async () => {
    const response = await post(JSON.stringify({ key: "x".repeat(1_100_000) }), "application/json");
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 413, type: "invalid_error", detail: /1048576 bytes/ });
  });

  test("a wrong field is 422 validation_error that names its place", async () => {
    const response = await post(JSON.stringify({ key: 7 }), "application/json");
    expect(response.status).toBe(422);
    const body = await response.json<{ errors: { loc: unknown[]; msg: string; type: string }[] }>();
    expect(body).toMatchObject({ code: 422, type: "validation_error" });
    expect(body.errors.map((error) => error.loc)).toContainEqual(["body", "key"]);
    for (const error of body.errors)
      expect(error).toEqual({ loc: error.loc, msg: expect.any(String), type: expect.any(String) });
  });
});

const asClient = (agent: string) =>
  callConfigured({ MIN_CLIENT_VERSIONS: '{"dreadnode-sdk": "1.4.0"}' }, "/health", {
    headers: { "User-Agent": agent },
  });

describe("client versions", () => {
  test.each(["dreadnode-sdk/1.3.9", "dreadnode-sdk/1.3", "python/3.12 dreadnode-sdk/0.9.0 (linux)"])(
    "%s is below the minimum: 426",
    async (agent) => {
      const response = await asClient(agent);
      expect(response.status).toBe(426);
      expect(await response.json()).toMatchObject({
        code: 426,
        type: "upgrade_required_error",
        detail: /1\.4\.0 or later/,
      });
    },
  );

  test.each(["dreadnode-sdk/1.4.0", "dreadnode-sdk/2.0", "curl/8.5.0", ""])("%s is served", async (agent) => {
    expect((await asClient(agent)).status).toBe(200);
  });
});

/** More than twice the low limit: a window that ends in between cannot let all of them through. */
const BURST = 12;

const limited = (key: string) =>
  callConfigured({ RATE_LIMIT: env.RATE_LIMIT_LOW }, "/api/v1/user", { headers: { Authorization: `Bearer ${key}` } });

describe("rate limit", () => {
  test("a key that used its requests up gets 429 with Retry-After; another key is served", async () => {
    const [busy, calm] = [await createTenant(), await createTenant()];
    const answers = await Promise.all(Array.from({ length: BURST }, () => limited(busy.adminKey)));
    expect(answers[0]?.status).toBe(200);
    const refused = answers.find((answer) => answer.status === 429);
    expect(refused?.headers.get("retry-after")).toBe("60");
    expect(await refused?.json()).toEqual({
      code: 429,
      detail: "Request was throttled. Expected available in 60 seconds.",
      type: "usage_limit_exceeded_error",
    });
    expect((await limited(calm.adminKey)).status).toBe(200);
  });

  test("who presents no valid key is limited by address", async () => {
    const answers = await Promise.all(Array.from({ length: BURST }, () => limited("nonsense")));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401, 429]));
  });
});

describe("configuration", () => {
  test("a wrong setting is a 500 that tells neither the value nor the stack", async () => {
    const response = await callConfigured({ BOOTSTRAP_SECRET: "short-secret" }, "/health");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 500, type: "server_error" });
    expect(text).not.toContain("short-secret");
  });
});
