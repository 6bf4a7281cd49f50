import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Caller } from "../../../src/auth/caller.ts";
import { connect, type Database } from "../../../src/db/client.ts";
import { findArchive, findDetail, findVersions, setVisibility } from "../../../src/registry/read/published-store.ts";
import { countFacets, searchTasks, type TaskFilter } from "../../../src/registry/read/published-task-search.ts";
import { createTenant, type Tenant } from "../../tenant.ts";

let tenant: Tenant;
let caller: Caller;

beforeAll(async () => {
  tenant = await createTenant();
  const { id, org, userId } = tenant;
  const user = { keyId: "key", userId, username: "owner", projectId: null, scopes: ["admin"] };
  const numbers = { userNumber: 1, currentProject: { id: "project", number: 1 } };
  caller = { ...user, ...numbers, organizationId: id, organizationKey: org };
});

/** Runs queries, counts statements and batches, and tells how SQLite finds the rows of each statement. */
async function explain(query: (db: Database) => Promise<unknown>) {
  const statements: { sql: string; values: unknown[] }[] = [];
  let batches = 0;
  const recorder: D1Database = new Proxy(env.DB, {
    get(target, property) {
      if (property === "prepare") {
        return (sql: string) => {
          const prepared = target.prepare(sql);
          const bind = (...values: unknown[]) => {
            statements.push({ sql, values });
            return prepared.bind(...values);
          };
          return { bind };
        };
      }
      if (property === "batch") {
        return (batch: D1PreparedStatement[]) => {
          batches += 1;
          return target.batch(batch);
        };
      }
      return Reflect.get(target, property, target);
    },
  });
  await query(connect(recorder));
  const plans = await Promise.all(
    statements.map(({ sql, values }) =>
      env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...values)
        .all<{ detail: string }>(),
    ),
  );
  return {
    steps: plans.flatMap(({ results }) => results.map(({ detail }) => detail)),
    count: statements.length,
    batches,
  };
}

/** Every table is searched by an index; what is scanned is the list of one query parameter or of one row's tags. */
function expectSearches(steps: string[]): void {
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.filter((step) => step.startsWith("SCAN") && !/VIRTUAL TABLE|SCAN (own|tag)\b/.test(step))).toEqual([]);
}

const all: TaskFilter = { difficulty: [], tags: [], author: [], source: [], includePublic: false };
const filters: [string, TaskFilter][] = [
  ["no filter", all],
  ["every filter", { ...all, difficulty: ["a"], tags: ["b"], author: ["c"], source: ["d"], search: "e" }],
  ["public tasks too", { ...all, includePublic: true }],
  ["public tasks too, every filter", { ...all, tags: ["b"], search: "e", source: ["d"], includePublic: true }],
];
const order = { by: "created_at", direction: "desc" } as const;
const page = { page: 1, limit: 50 };

describe.each(["own", "another"])("tasks of %s organization", (whose) => {
  const org = () => (whose === "own" ? tenant.org : "another");

  test.each(filters)("list with %s", async (_, filter) => {
    const { steps, count, batches } = await explain((db) => searchTasks(db, caller, org(), filter, order, page));
    expectSearches(steps);
    expect([count, batches]).toEqual([3, 1]);
  });

  test.each(filters)("facets with %s", async (_, filter) => {
    const { steps, count, batches } = await explain((db) => countFacets(db, caller, org(), filter));
    expectSearches(steps);
    expect([count, batches]).toEqual([6, 1]);
  });

  test.each([
    ["latest", { version: "latest" }],
    ["by number", { version: "1.0.0" }],
    ["by id", { versionId: "x" }],
  ])("one version, %s", async (_, version) => {
    for (const find of [findDetail, findArchive]) {
      const task = { org: org(), name: "task" };
      const { steps, count, batches } = await explain((db) => find(db, caller, task, version));
      expectSearches(steps);
      expect([count, batches]).toEqual([1, 0]);
    }
  });

  test("versions come in order out of the index", async () => {
    const { steps, batches } = await explain((db) => findVersions(db, caller, { org: org(), name: "task" }, page));
    expectSearches(steps);
    expect(steps.filter((step) => step.includes("TEMP B-TREE"))).toEqual([]);
    expect(batches).toBe(1);
  });
});

test("visibility", async () => {
  const { steps, count, batches } = await explain((db) => setVisibility(db, caller, "task", true));
  expectSearches(steps);
  expect([count, batches]).toEqual([2, 1]);
});
