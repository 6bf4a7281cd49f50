import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { addFiles, holdComplete, holdPrepared, type NewFileRow, recordFiles } from "../../src/artifacts/file-store.ts";
import { taskFiles } from "../../src/db/agent-schema.ts";
import { connect } from "../../src/db/client.ts";
import { createRunClient, read } from "../runs/run-client.ts";

/** Bytes that D1 takes in a parameter. Here it takes more. */
const PARAMETER_MAX_BYTES = 2_000_000;

const bytesOf = (value: unknown) => new TextEncoder().encode(String(value)).length;

/** So many files of a run, each with metadata of so many characters. */
async function makeFiles(count: number, metadataLength: number): Promise<[string, NewFileRow[]]> {
  const client = await createRunClient();
  const artifacts = [{ name: "a.txt", type: "output", content: "a" }];
  await read(client.onRun("/artifacts/", { json: { artifacts } }));
  const [row] = await connect(env.DB).delete(taskFiles).where(eq(taskFiles.runId, client.runId)).returning();
  if (!row) throw new Error("Nothing was uploaded");
  const { number: _, ...file } = row;
  const metadata = { a: "é".repeat(metadataLength) };
  return [
    client.runId,
    Array.from({ length: count }, (_each, index) => ({
      ...file,
      id: `${file.id.slice(4)}${index}`,
      storagePath: `${file.storagePath}${index}`,
      metadata,
    })),
  ];
}

test("rows of a whole manifest fit into what D1 takes, in their order", async () => {
  const [runId, files] = await makeFiles(3_600, 1);
  const db = connect(env.DB);
  const parameters = recordFiles(db, files).flatMap((statement) => statement.toSQL().params);
  expect(Math.max(...parameters.map(bytesOf))).toBeLessThan(PARAMETER_MAX_BYTES);
  await addFiles(db, files);
  const stored = await db.select({ id: taskFiles.id }).from(taskFiles).where(eq(taskFiles.runId, runId));
  expect(stored.map(({ id }) => id)).toEqual(files.map(({ id }) => id));
});

test("rows as large as they come are inserted one by one", async () => {
  const [runId, files] = await makeFiles(3, 500_000);
  const db = connect(env.DB);
  expect(recordFiles(db, files)).toHaveLength(3);
  await addFiles(db, files);
  await addFiles(db, []);
  const stored = await db.select().from(taskFiles).where(eq(taskFiles.runId, runId));
  expect(stored.map(({ metadata }) => metadata)).toEqual(files.map(({ metadata }) => metadata));
});

test("files are held by their ids, however many the task has", async () => {
  const db = connect(env.DB);
  const scope = { organizationId: "o", projectNumber: 1, taskId: "t" };
  for (const held of [holdComplete(db, scope, ["a"], 1), holdPrepared(db, scope, ["a"], 1)]) {
    const statement = held.toSQL();
    const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${statement.sql}`)
      .bind(...statement.params)
      .all<{ detail: string }>();
    expect(plan.results.map(({ detail }) => detail).join()).toMatch(/USING INDEX task_files_id_unique \(id=\?\)/);
  }
});
