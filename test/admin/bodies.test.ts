import { describe, expect, test } from "vitest";
import { createTenant } from "../tenant.ts";
import { eachOperation, readDocument } from "../http/operations.ts";

type Refusal = { code: number; type: string; detail: string; errors: { loc: string[]; msg: string; type: string }[] };

async function post(path: string, json: object): Promise<{ status: number; body: Refusal }> {
  const tenant = await createTenant();
  const response = await tenant.api(path.replace("{org}", tenant.org), { method: "POST", json });
  return { status: response.status, body: await response.json<Refusal>() };
}

const OWN = "/user/api-keys";
const ANY = "/org/{org}/api-keys";

describe("an unknown field of a body of administration is refused", () => {
  const cases: [path: string, body: object, loc: string, msg: string][] = [
    [OWN, { name: "x", scopes: ["task:read"], expiresAt: "2099-01-01T00:00:00Z" }, "expiresAt", "expires_at"],
    [ANY, { name: "x", scopes: ["task:read"], expiresAt: "2099-01-01T00:00:00Z" }, "expiresAt", "expires_at"],
    [OWN, { name: "x", scope: ["task:read"] }, "scope", "scopes"],
    [OWN, { name: "x", allowedScopes: ["task:read"] }, "allowedScopes", "allowed_scopes"],
    [ANY, { name: "x", scopes: ["task:read"], Project_ID: null }, "Project_ID", "project_id"],
    [ANY, { name: "x", scopes: ["task:read"], "expires-at": null }, "expires-at", "expires_at"],
    [ANY, { name: "x", scopes: ["task:read"], fromat: "ca" }, "fromat", "format"],
    ["/org/{org}/users", { email: "a@example.com", username: "a", rolle: "reader" }, "rolle", "role"],
    ["/org/{org}/ws", { key: "a", name: "A", desciption: "x" }, "desciption", "description"],
    ["/org/{org}/secrets", { name: "A", value: "long enough", descriptoin: "x" }, "descriptoin", "description"],
    ["/org/{org}/webhooks", { url: "https://a.example", event: ["flows.tasks.completed"] }, "event", "events"],
  ];
  test.each(cases)("%s %j", async (path, json, name, meant) => {
    const { status, body } = await post(path, json);
    expect(status).toBe(422);
    expect(body.type).toBe("validation_error");
    const msg = `unknown field ${name}; did you mean ${meant}?`;
    expect(body.errors).toContainEqual({ loc: ["body", name], msg, type: "unknown_field" });
  });

  test("inside of an object too, with its place", async () => {
    const owner = { username: "ada", email: "ada@example.com", fullname: "Ada" };
    const { status, body } = await post("/organizations", { key: "bodies-test", name: "X", owner });
    expect(status).toBe(422);
    expect(body.errors[0]).toEqual({
      loc: ["body", "owner", "fullname"],
      msg: "unknown field fullname",
      type: "unknown_field",
    });
  });

  test("without a guess where none is close, and every one of them", async () => {
    const { body } = await post(ANY, { name: "x", scopes: ["task:read"], colour: 1, ["y".repeat(5000)]: 2 });
    expect(body.errors.map(({ msg }) => msg)).toEqual(["unknown field colour", `unknown field ${"y".repeat(100)}…`]);
  });

  test("of fifty thousand fields a hundred are named", async () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`f${index}`, 0]));
    const { status, body } = await post(ANY, { name: "x", scopes: ["task:read"], ...many });
    expect(status).toBe(422);
    expect(body.errors).toHaveLength(100);
  });

  test("in every operation of administration and webhooks, the document says so", async () => {
    const tenant = await createTenant();
    const bodies = [...eachOperation(await readDocument())].filter(
      ({ path, operation }) =>
        path.startsWith("/api/v1/") &&
        operation.requestBody &&
        ["Administration", "Account", "Secrets", "Webhooks"].includes(operation.tags[0] ?? ""),
    );
    expect(bodies.length).toBeGreaterThan(12);
    for (const { name, path, method, operation } of bodies) {
      const example = operation.requestBody?.content?.["application/json"]?.example;
      const at = path
        .slice("/api/v1".length)
        .replace("{org}", tenant.org)
        .replaceAll(/\{\w+_id\}/g, tenant.userId);
      const json = { ...Object(example), unheardOf: true };
      const response = await tenant.api(at.replaceAll(/\{\w+\}/g, "main"), { method, json });
      expect(response.status, name).toBe(422);
      const { errors } = await response.json<Refusal>();
      expect(errors, name).toContainEqual({
        loc: ["body", "unheardOf"],
        msg: "unknown field unheardOf",
        type: "unknown_field",
      });
    }
  });
});

describe.each([OWN, ANY])("the scopes of a key that %s makes", (path) => {
  test.each(["scopes", "allowed_scopes"])("go by the name %s", async (name) => {
    const { status, body } = await post(path, { name: "x", [name]: ["task:read"] });
    expect(status).toBe(201);
    expect(body).toMatchObject({ scopes: ["task:read"], allowed_scopes: ["task:read"] });
  });

  test("may be given under both names, when they are the same", async () => {
    const both = { scopes: ["task:read", "runner"], allowed_scopes: ["runner", "task:read"] };
    expect((await post(path, { name: "x", ...both })).status).toBe(201);
    const { status, body } = await post(path, { name: "x", ...both, scopes: ["task:read"] });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ loc: ["body", "scopes"], type: "conflict" }]);
  });

  test.each([{}, { scopes: null }, { allowed_scopes: null }, { scopes: null, allowed_scopes: null }])(
    "are asked for: %j",
    async (scopes) => {
      const { status, body } = await post(path, { name: "x", ...scopes });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ loc: ["body", "scopes"], type: "missing" }]);
      expect(body.detail).toContain("task:read, task:write");
    },
  );
});
