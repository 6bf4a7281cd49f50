import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import worker from "../../src/worker.ts";
import { setScene } from "./identities.ts";
import { eachOperation, readDocument } from "./operations.ts";

/** Calls of a statement that are a round trip each. */
const ROUND_TRIPS = new Set<PropertyKey>(["all", "first", "raw", "run"]);

/** Reads that take two, each with the reason. */
const TWO: Record<string, string> = {
  getWorkflowFile: "who was given the file is written down before the link is answered",
};

/** The database, with `count` called at every round trip. */
function countRoundTrips(database: D1Database, count: () => void): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get: (target, name) => {
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]): unknown => {
          if (ROUND_TRIPS.has(name)) count();
          return Reflect.apply(method, target, args);
        };
      },
    });
    originals.set(wrapped, statement);
    return wrapped;
  };
  return new Proxy(database, {
    get: (target, name) => {
      if (name === "prepare") return (query: string) => wrap(target.prepare(query));
      if (name !== "batch") return Reflect.get(target, name);
      return (statements: D1PreparedStatement[]) => {
        count();
        return target.batch(statements.map((statement) => originals.get(statement) ?? statement));
      };
    },
  });
}

test("a read with a key that was verified a moment ago costs one round trip to D1 at most", async () => {
  const scene = await setScene();
  const key = await scene.client.makeKey(["task:read", "environment:write", "secret:read"]);
  const headers = { Authorization: `Bearer ${key}` };
  let trips = 0;
  const counting = { ...env, DB: countRoundTrips(env.DB, () => (trips += 1)) };
  const send = async (path: string): Promise<Response> =>
    worker.fetch(new Request(`https://taskyard.test${path}`, { headers }), counting, createExecutionContext());

  const excess: string[] = [];
  let reads = 0;
  for (const { method, path, operation } of eachOperation(await readDocument())) {
    const scope = operation["x-required-scope"] ?? "none";
    if (method !== "GET" || ["none", "admin", "runner"].includes(scope)) continue;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      // Workflow clients know a task by its integer.
      if (name === "task_id" && path.startsWith("/tasks/")) return String(scene.client.taskId);
      const parameter = operation.parameters?.find((candidate) => candidate.name === name && candidate.in === "path");
      return scene.named[name] ?? encodeURIComponent(String(parameter?.example ?? parameter?.schema?.example));
    });
    await (await send("/api/v1/user/organizations")).text();
    trips = 0;
    const response = await send(filled);
    reads += 1;
    if (trips > (Object.hasOwn(TWO, operation.operationId) ? 2 : 1))
      excess.push(`${operation.operationId}: ${trips} (${response.status})`);
    await response.body?.cancel();
  }
  expect(excess).toEqual([]);
  expect(reads).toBeGreaterThan(25);
});
