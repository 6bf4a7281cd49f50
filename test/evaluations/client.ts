import { env } from "cloudflare:workers";
import { and, eq, getTableColumns, ne, sql } from "drizzle-orm";
import { expect } from "vitest";
import type { z } from "@hono/zod-openapi";
import type { analysedEvaluation, evaluationJob } from "../../src/evaluations/routes/evaluation-schemas.ts";
import type { evaluationItem } from "../../src/evaluations/routes/item-schemas.ts";
import { connect } from "../../src/db/client.ts";
import { environments } from "../../src/db/schema.ts";
import { eventually } from "../eventually.ts";
import { packTask } from "../registry/archives.ts";
import { publishVersion } from "../registry/published.ts";
import { createTenant, type Tenant } from "../tenant.ts";

export type Job = z.output<typeof evaluationJob>;
export type Detail = z.output<typeof analysedEvaluation>;
export type Item = z.output<typeof evaluationItem>;

type Init = Parameters<Tenant["api"]>[1];

/** Names the evaluations of a tenant's workspace below /api/v1. */
export const evaluationsPath = ({ org, workspace }: Tenant) => `/org/${org}/ws/${workspace}/evaluation`;

/** What a task of these tests is like: its solution writes `done`, its verification asks for it. */
const SOLVED = {
  verification: { method: "script", script: "verify.sh", timeout: 20 },
  solution: { script: "solve.sh" },
};
const FILES = {
  "verify.sh": 'echo "looking"; test "$(cat /tmp/answer)" = done\n',
  "solve.sh": "echo solving; echo done > /tmp/answer\n",
};

/** Publishes a task that its oracle passes, and whoever does nothing does not. */
export function publishSolvable(tenant: Tenant, name: string, yaml: object = {}, files: object = {}) {
  const fields = { name, source: undefined, instruction: "Write done to /tmp/answer.", ...SOLVED, ...yaml };
  return publishVersion(tenant, name, "1.0.0", packTask(fields, { ...FILES, ...files }));
}

/** A tenant with these tasks. */
export async function tenantWith(...names: string[]): Promise<Tenant> {
  const tenant = await createTenant();
  for (const name of names) await publishSolvable(tenant, name);
  return tenant;
}

/** Asks for an evaluation, which has to be made. */
export async function evaluate(tenant: Tenant, json: object, init: Init = {}): Promise<Job & { warnings: string[] }> {
  const answer = await tenant.api(evaluationsPath(tenant), {
    method: "POST",
    json: { name: "test", model: "none", agent: "oracle", ...json },
    ...init,
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text);
}

/** Reads what is below an evaluation; fails unless the answer is 200. */
export async function read<T>(tenant: Tenant, { id }: { id: string }, path = "", init: Init = {}): Promise<T> {
  const answer = await tenant.api(`${evaluationsPath(tenant)}/${id}${path}`, init);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return JSON.parse(text);
}

export const post = <T = Job>(tenant: Tenant, job: { id: string }, path: string) =>
  read<T>(tenant, job, path, { method: "POST" });

/** The evaluation once it has ended. */
export async function ended(tenant: Tenant, job: { id: string }): Promise<Detail> {
  return eventually(async () => {
    const detail = await read<Detail>(tenant, job);
    expect(["completed", "failed", "cancelled"], JSON.stringify(detail.counts)).toContain(detail.status);
    return detail;
  }, 20_000);
}

export async function itemsOf(tenant: Tenant, job: { id: string }, query = ""): Promise<Item[]> {
  return (await read<{ items: Item[] }>(tenant, job, `/items${query}`)).items;
}

/** Takes every place for environments that the organization of a tenant with the task `write` has; gives all but one back. */
export async function fillPlaces(tenant: Tenant): Promise<() => Promise<void>> {
  const json = { task_ref: "write" };
  const made = await tenant.api(`/org/${tenant.org}/ws/main/environments`, { method: "POST", json });
  const { id } = await made.json<{ id: string }>();
  const columns = Object.values(getTableColumns(environments));
  const copied = columns.map((column) =>
    column === environments.id ? sql`lower(hex(randomblob(16)))` : sql`${column}`,
  );
  const db = connect(env.DB);
  const numbers = sql`(SELECT value FROM json_each(${JSON.stringify(Array.from({ length: 99 }, (_, index) => index))}))`;
  await db
    .insert(environments)
    .select(sql`SELECT ${sql.join(copied, sql`, `)} FROM ${environments}, ${numbers} WHERE ${environments.id} = ${id}`);
  return async () => {
    await db
      .update(environments)
      .set({ endedAt: new Date() })
      .where(and(eq(environments.organizationId, tenant.id), ne(environments.id, id)));
  };
}
