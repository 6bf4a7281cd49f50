import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { callConfigured } from "../configured.ts";
import { call, createTenant } from "../tenant.ts";

const withId = (id: string) => call("/health", { headers: { "X-Request-Id": id } });

const ask = (origin: string, overrides: Record<string, string>) =>
  callConfigured(overrides, "/api/v1/user", {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": "GET",
      "Access-Control-Request-Headers": "X-API-Key",
    },
  });

describe("request id", () => {
  test("an answer carries one of its own, errors too", async () => {
    const [ok, missing] = await Promise.all([call("/health"), call("/nothing")]);
    expect(ok.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(missing.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(ok.headers.get("x-request-id")).not.toBe(missing.headers.get("x-request-id"));
  });

  test("a client's id is kept when it is harmless", async () => {
    expect((await withId("my-trace-7")).headers.get("x-request-id")).toBe("my-trace-7");
    expect((await withId("a b<script>")).headers.get("x-request-id")).not.toContain("script");
    expect((await withId("x".repeat(129))).headers.get("x-request-id")).toHaveLength(36);
  });
});

describe("CORS", () => {
  test("no origin is allowed by default", async () => {
    const response = await ask("https://console.example", {});
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("a configured origin is allowed, another is not", async () => {
    const settings = { CORS_ORIGINS: "https://console.example, https://other.example" };
    const allowed = await ask("https://console.example", settings);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://console.example");
    expect(allowed.headers.get("access-control-allow-headers")).toContain("X-API-Key");
    const refused = await ask("https://evil.example", settings);
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
  });
});

/** The database without one of its tables, as far as inserting goes. */
function losing(table: string): D1Database {
  const prepare = (sql: string) => env.DB.prepare(sql.replace(`insert into "${table}"`, 'insert into "lost"'));
  return new Proxy(env.DB, {
    get: (target, property) => (property === "prepare" ? prepare : Reflect.get(target, property, target)),
  });
}

describe("request log", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("one JSON line per request, with neither key nor query", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "info").mockImplementation((line: string) => lines.push(line));
    const tenant = await createTenant();
    const response = await callConfigured({ REQUEST_LOG: "on" }, "/api/v1/user?token=hidden-in-query", {
      headers: { Authorization: `Bearer ${tenant.adminKey}`, "User-Agent": "test/1.0" },
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "info",
      request_id: response.headers.get("x-request-id"),
      method: "GET",
      path: "/api/v1/user",
      route: "/api/v1/user",
      status: 200,
      organization: tenant.org,
      user_agent: "test/1.0",
    });
    expect(lines[0]).not.toContain("hidden-in-query");
    expect(lines[0]).not.toContain(tenant.adminKey);
    expect(lines[0]).not.toContain(tenant.adminKey.split("_")[2]);
  });

  test("an unexpected failure logs its stack under the request's id and tells the client only the id", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => lines.push(line));
    const response = await callConfigured({ CORS_ORIGINS: "x", BOOTSTRAP_SECRET: "short" }, "/health");
    const id = response.headers.get("x-request-id") ?? "";
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "error", request_id: id, stack: expect.any(String) });
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining(id) });
  });

  test("a query that fails is logged without what the client has sent", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => lines.push(line));
    const tenant = await createTenant();
    const response = await callConfigured({ DB: losing("workspaces") }, `/api/v1/org/${tenant.org}/ws`, {
      method: "POST",
      headers: { Authorization: `Bearer ${tenant.adminKey}`, "Content-Type": "application/json" },
      body: JSON.stringify({ key: "lab", name: "Lab", description: "told in confidence" }),
    });
    expect(response.status).toBe(500);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      error: expect.stringMatching(/^Failed query: insert into "workspaces"/),
      cause: expect.stringContaining("no such table: lost"),
      stack: expect.stringContaining("at "),
    });
    expect(lines[0]).not.toContain("told in confidence");
  });
});
