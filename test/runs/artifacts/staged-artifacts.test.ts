import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { sweepFiles } from "../../../src/artifacts/artifact-sweep.ts";
import { taskFiles } from "../../../src/db/agent-schema.ts";
import { connect } from "../../../src/db/client.ts";
import { createRunClient, expectNotFound, expectRefused, read, type RunClient, type WireRun } from "../run-client.ts";
import { finalize, type Item, post, prepare, uploadByForm } from "./run-uploads.ts";

const sketch = { name: "sketch.png", type: "user_attachment", content_type: "image/png" };

const onStaged =
  ({ send, taskId }: RunClient, task = taskId) =>
  (path: string, request?: Parameters<RunClient["send"]>[1]) =>
    send(`/${task}/staged_artifacts${path}`, request);

async function expectBody(answer: Promise<Response>, status: number, body: object): Promise<void> {
  const response = await answer;
  expect(await response.json()).toEqual(body);
  expect(response.status).toBe(status);
}

const rowOf = async (id: string) => (await connect(env.DB).select().from(taskFiles).where(eq(taskFiles.id, id)))[0];

const DAY_MS = 24 * 3600 * 1000;

describe("staging an artifact", () => {
  test("keeps it for a day, before there is a run", async () => {
    const client = await createRunClient();
    const item = await uploadByForm(onStaged(client), { ...sketch, metadata: { a: [1, "x", null] } }, "image");
    expect(item).toMatchObject({ ...sketch, metadata: { a: [1, "x", null] }, size: 5, uploaded_by: "user" });
    expect(item.storage_path).toMatch(
      new RegExp(`^tasks/artifacts/team_\\d+/task_${client.taskId}/${item.id}_sketch\\.png$`),
    );
    const life = Date.parse(item.expires_at ?? "") - Date.now();
    expect(life).toBeGreaterThan(DAY_MS - 60_000);
    expect(life).toBeLessThanOrEqual(DAY_MS);
    expect((await client.readRun()).artifacts).toEqual([]);
  });

  test("has the same answer when repeated", async () => {
    const client = await createRunClient();
    const send = onStaged(client);
    const prepared = await prepare(send, [{ ...sketch, size: 5 }]);
    for (const { presigned_post } of prepared) await post(presigned_post, "image");
    const [first] = await finalize(send, prepared);
    expect(await finalize(send, prepared)).toMatchObject([{ id: first?.id, storage_path: first?.storage_path }]);
  });

  test("has the same answer when repeated after a run took it", async () => {
    const client = await createRunClient();
    const item = await uploadByForm(onStaged(client), sketch, "image");
    const json = { pending_user_artifact_ids: [item.id] };
    await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json }), 201);
    const { expires_at: _, ...same } = item;
    expect(await finalize(onStaged(client), [item])).toMatchObject([same]);
  });

  test("refuses what a run refuses", async () => {
    const client = await createRunClient();
    const other = await createRunClient();
    const send = onStaged(client);
    await expectRefused(send("/prepare_upload/", { json: {} }), "required", "artifacts");
    const tooLarge = { ...sketch, name: "a.pdf", size: 10_485_761 };
    await expectRefused(
      send("/prepare_upload/", { json: { artifacts: [tooLarge] } }),
      "invalid_input",
      "artifacts__0__size",
    );
    await expectRefused(send("/finalize_upload/", { json: { artifacts: [sketch] } }), "required", "artifacts__0__id");
    const prepared = await prepare(send, [{ ...sketch, size: 5 }]);
    const missing = { error: "Artifact upload not found in object storage" };
    await expectBody(send("/finalize_upload/", { json: { artifacts: prepared } }), 400, missing);
    const invalid = { error: "Artifact storage path is invalid for this task" };
    const foreign = await prepare(onStaged(other), [{ ...sketch, size: 5 }]);
    await expectBody(send("/finalize_upload/", { json: { artifacts: foreign } }), 400, invalid);
    const ofRun = await prepare(
      (path, request) => client.onRun(`/artifacts${path}`, request),
      [{ ...sketch, size: 5 }],
    );
    await expectBody(send("/finalize_upload/", { json: { artifacts: ofRun } }), 400, invalid);
    const toRun = client.onRun("/artifacts/finalize_upload/", { json: { artifacts: prepared } });
    await expectBody(toRun, 400, { error: "Artifact storage path is invalid for this run" });
  });

  test("is 404 for a task that is not there, or no longer", async () => {
    const client = await createRunClient();
    const json = { artifacts: [{ ...sketch, size: 5 }] };
    await expectNotFound(onStaged(client, uuid())("/prepare_upload/", { json }));
    await expectNotFound(onStaged(client, "nonsense")("/prepare_upload/", { json }));
    await client.send(`/${client.taskId}/`, { method: "DELETE" });
    await expectNotFound(onStaged(client)("/prepare_upload/", { json }));
    const uploaded = { artifacts: [{ ...sketch, id: "0", storage_path: "p" }] };
    await expectNotFound(onStaged(client)("/finalize_upload/", { json: uploaded }));
  });
});

const stage = async (client: RunClient): Promise<[Item, Item]> => [
  await uploadByForm(onStaged(client), sketch, "image"),
  await uploadByForm(onStaged(client), { ...sketch, name: "notes.txt" }, "notes"),
];

async function expectToHave(run: WireRun, items: Item[]): Promise<void> {
  expect(run.artifacts.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  expect(run.state).toMatchObject({ pending_user_artifact_ids: items.map(({ id }) => id) });
  for (const { id, storage_path } of items) {
    expect(await env.ARTIFACTS.head(storage_path)).not.toBeNull();
    const row = await rowOf(id);
    expect(row).toMatchObject({ runId: run.id, kind: "attachment" });
    expect((row?.expiresAt ?? 0) / 1000 - Date.now()).toBeGreaterThan(29 * DAY_MS);
  }
}

describe("a run that names staged artifacts", () => {
  test("has them when it is started, in the order named", async () => {
    const client = await createRunClient();
    const [first, second] = await stage(client);
    const pending_user_artifact_ids = [second.id, first.id];
    const task = await read<{ latest_run: WireRun }>(
      client.send(`/${client.taskId}/run/`, { json: { pending_user_artifact_ids } }),
    );
    await expectToHave(task.latest_run, [second, first]);
    const link = client.send(`/${client.taskId}/runs/${task.latest_run.id}/artifacts/presign/`, {
      json: { storage_path: first.storage_path },
    });
    expect((await link).status).toBe(200);
  });

  test("has them when it is made, and again when the request is repeated", async () => {
    const client = await createRunClient();
    const [first] = await stage(client);
    const json = { pending_user_artifact_ids: [first.id, first.id] };
    const run = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json }), 201);
    expect(run.artifacts.map(({ id }) => id)).toEqual([first.id]);
    const again = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json }), 201);
    expect(again.artifacts.map(({ id }) => id)).toEqual([first.id]);
    expect(await rowOf(first.id)).toMatchObject({ runId: run.id });
  });

  test("has them when a run made before is started, beside its own", async () => {
    const client = await createRunClient();
    const [first] = await stage(client);
    const own = await uploadByForm((path, request) => client.onRun(`/artifacts${path}`, request), sketch, "own");
    const json = { pending_user_artifact_ids: [first.id, own.id] };
    await read(client.onRun("/start/", { json }));
    const run = await client.readRun();
    expect(run.artifacts.map(({ id }) => id)).toEqual([own.id, first.id]);
    expect(run.state).toMatchObject(json);
    await read(client.onRun("/start/", { json }));
    expect((await client.readRun()).artifacts).toHaveLength(2);
  });

  test("is refused with ids that the task does not have, and nothing is made", async () => {
    const client = await createRunClient();
    const [first] = await stage(client);
    const [foreign] = await stage(await createRunClient());
    const prepared = await prepare(onStaged(client), [{ ...sketch, size: 5 }]);
    const missing = [foreign.id, prepared[0]?.id ?? "", "nothing"];
    const json = { pending_user_artifact_ids: [first.id, ...missing] };
    const body = { error: "Some pending_user_artifact_ids are unknown", missing_artifact_ids: missing };
    await expectBody(client.send(`/${client.taskId}/run/`, { json }), 400, body);
    await expectBody(client.send(`/${client.taskId}/runs/`, { json }), 400, body);
    await expectBody(client.onRun("/start/", { json }), 400, {
      detail: "Some pending_user_artifact_ids are invalid for this run",
      missing_artifact_ids: missing,
    });
    const runs = await read<{ count: number }>(client.send(`/${client.taskId}/runs/`));
    expect(runs.count).toBe(1);
    expect((await client.readRun()).artifacts).toEqual([]);
  });

  test("keeps them from the sweep, which takes the others after a day", async () => {
    const client = await createRunClient();
    const [first, second] = await stage(client);
    const json = { pending_user_artifact_ids: [first.id] };
    await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json }), 201);
    await sweepFiles(env, new Date(Date.now() + DAY_MS + 60_000));
    expect(await env.ARTIFACTS.head(first.storage_path)).not.toBeNull();
    expect(await env.ARTIFACTS.head(second.storage_path)).toBeNull();
    const late = { pending_user_artifact_ids: [second.id] };
    expect((await client.send(`/${client.taskId}/runs/`, { json: late })).status).toBe(400);
  });
});
