import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { callConfigured } from "../configured.ts";
import { createEnvironmentClient, type EnvironmentClient, expectRefusal, loseObject, objectOf } from "./client.ts";

const PART = 131_072;

interface WireUpload {
  id: string;
  path: string;
  size: number;
  part_size: number;
  part_count: number;
  received_parts: number[];
  state: string;
  expires_at: string;
  warnings?: string[];
}

/** Begins an upload of small parts. */
async function begin(client: EnvironmentClient, json: object, settings: object = {}): Promise<Response> {
  return await callConfigured(
    { SANDBOX_PART_BYTES: String(PART), ...settings },
    `/api/v1${client.base}/${client.environment.id}/uploads`,
    {
      method: "POST",
      headers: {
        Authorization: `Bearer ${client.tenant.adminKey}`,
        "X-Environment-Token": client.token,
        "Content-Type": "application/json",
      },
      body: JSON.stringify(json),
    },
  );
}

async function begun(client: EnvironmentClient, json: object, settings?: object): Promise<WireUpload> {
  const response = await begin(client, json, settings);
  expect(response.status).toBe(201);
  return await response.json<WireUpload>();
}

const contentOf = (size: number) => Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 9)) % 251);
const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function put(client: EnvironmentClient, { id }: { id: string }, number: number, bytes: Uint8Array<ArrayBuffer>) {
  return client.onEnvironment(`/uploads/${id}/parts/${number}`, {
    method: "PUT",
    body: bytes,
    headers: { "Content-Length": String(bytes.byteLength) },
  });
}

const partOf = (bytes: Uint8Array<ArrayBuffer>, number: number) => bytes.slice((number - 1) * PART, number * PART);
const complete = (client: EnvironmentClient, { id }: { id: string }) =>
  client.onEnvironment(`/uploads/${id}/complete`, { method: "POST" });
const read = async (client: EnvironmentClient, { id }: { id: string }) =>
  (await client.onEnvironment(`/uploads/${id}`)).json<WireUpload>();

describe("a file in parts", () => {
  test("comes in any order, side by side and again, across a restart of the server, and replaces what is there whole", async () => {
    const client = await createEnvironmentClient();
    await client.execute("printf before > /tmp/large; chmod 755 /tmp/large");
    const bytes = contentOf(3 * PART + 5);
    const asked = { path: "tmp//large", size: bytes.byteLength, sha256: digestOf(bytes).toUpperCase(), sha265: "?" };
    const upload = await begun(client, asked);
    expect(upload).toMatchObject({
      path: "/tmp/large",
      part_size: PART,
      part_count: 4,
      received_parts: [],
      state: "open",
    });
    expect(upload.warnings).toEqual(["Ignored: unknown field sha265; did you mean sha256?"]);
    const sent = await Promise.all([4, 2, 1].map((number) => put(client, upload, number, partOf(bytes, number))));
    expect(await Promise.all(sent.map((answer) => answer.json()))).toContainEqual({ part_number: 4, size: 5 });
    await loseObject(client.environment);
    expect(await read(client, upload)).toMatchObject({ received_parts: [1, 2, 4] });
    expect(await (await client.onEnvironment("/uploads")).json()).toMatchObject({ uploads: [{ id: upload.id }] });
    expect(await expectRefusal(await complete(client, upload), 409)).toMatchObject({ detail: "Parts are missing: 3." });
    expect((await put(client, upload, 2, partOf(bytes, 2))).status).toBe(200);
    expect((await put(client, upload, 3, partOf(bytes, 3))).status).toBe(200);
    expect(await client.execute("cat /tmp/large")).toMatchObject({ stdout: "before" });
    const done = await complete(client, upload);
    const file = await done.json();
    expect(done.status).toBe(200);
    expect(file).toMatchObject({ path: "/tmp/large", size: bytes.byteLength, mode: "755" });
    expect(await (await complete(client, upload)).json()).toEqual(file);
    expect(await read(client, upload)).toMatchObject({ state: "complete" });
    await expectRefusal(await put(client, upload, 1, partOf(bytes, 1)), 409);
    expect(await client.execute("sha256sum < /tmp/large; ls -A /tmp")).toMatchObject({
      stdout: `${digestOf(bytes)}  -\nlarge\n`,
    });
    const range = await client.onEnvironment("/files/tmp/large", {
      headers: { Range: `bytes=${PART - 2}-${PART + 1}` },
    });
    expect(range.status).toBe(206);
    expect(new Uint8Array(await range.arrayBuffer())).toEqual(bytes.slice(PART - 2, PART + 2));
  });

  test("may have no bytes, and folders that are not there yet", async () => {
    const client = await createEnvironmentClient();
    const upload = await begun(client, { path: "/task/new/folder/empty", size: 0 });
    expect((await complete(client, upload)).status).toBe(200);
    expect((await client.execute("wc -c < new/folder/empty")).stdout.trim()).toBe("0");
  });

  test("is not put in place when it is another one, and may be mended", async () => {
    const client = await createEnvironmentClient();
    const bytes = contentOf(PART + 1);
    const upload = await begun(client, { path: "/tmp/a", size: bytes.byteLength, sha256: digestOf(bytes) });
    expect((await put(client, upload, 1, new Uint8Array(PART))).status).toBe(200);
    expect((await put(client, upload, 2, partOf(bytes, 2))).status).toBe(200);
    await expectRefusal(await complete(client, upload), 400);
    expect((await client.onEnvironment("/files/tmp/a")).status).toBe(404);
    expect((await put(client, upload, 1, partOf(bytes, 1))).status).toBe(200);
    expect((await complete(client, upload)).status).toBe(200);
  });

  test("that breaks off has not arrived, and can be sent again", async () => {
    const client = await createEnvironmentClient();
    const bytes = contentOf(PART);
    const upload = await begun(client, { path: "/tmp/a", size: PART });
    expect((await put(client, upload, 1, bytes)).status).toBe(200);
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(100)),
      pull: (controller) => controller.error(new Error("The client is gone")),
    });
    const headers = {
      Authorization: `Bearer ${client.tenant.adminKey}`,
      "X-Environment-Token": client.token,
      "Content-Length": String(PART),
    };
    const path = `/api/v1${client.base}/${client.environment.id}/uploads/${upload.id}/parts/1`;
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const answer = await callConfigured({}, path, { method: "PUT", headers, body: broken }).catch(() => undefined);
    errors.mockRestore();
    expect(answer?.status).not.toBe(200);
    await expect.poll(async () => (await read(client, upload)).received_parts).toEqual([]);
    await expect.poll(async () => (await put(client, upload, 1, bytes)).status).toBe(200);
    expect((await complete(client, upload)).status).toBe(200);
  });

  test("is aborted, by hand and when its time is up, and nothing is left of it", async () => {
    const client = await createEnvironmentClient();
    const upload = await begun(client, { path: "/tmp/a", size: 2 * PART });
    await put(client, upload, 1, new Uint8Array(PART));
    expect((await client.onEnvironment(`/uploads/${upload.id}`, { method: "DELETE" })).status).toBe(204);
    for (const answer of [
      await client.onEnvironment(`/uploads/${upload.id}`, { method: "DELETE" }),
      await client.onEnvironment(`/uploads/${upload.id}`),
      await put(client, upload, 1, new Uint8Array(PART)),
      await complete(client, upload),
    ]) {
      await expectRefusal(answer, 404);
    }
    const late = await begun(client, { path: "/tmp/b", size: PART }, { UPLOAD_TTL_SECONDS: "1" });
    await put(client, late, 1, new Uint8Array(PART));
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(objectOf(client.environment));
        return (await client.onEnvironment(`/uploads/${late.id}`)).status;
      })
      .toBe(404);
    expect(await client.execute("ls -A /tmp")).toMatchObject({ stdout: "" });
    const rows = await runInDurableObject(objectOf(client.environment), (_, { storage }) =>
      storage.sql.exec("SELECT 1 FROM embedded_chunks UNION ALL SELECT 1 FROM upload_parts").toArray(),
    );
    expect(rows).toEqual([]);
  });

  test("is refused at once where it cannot be taken", async () => {
    const client = await createEnvironmentClient();
    const refuse = async (json: object, status: number) => expectRefusal(await begin(client, json), status);
    await refuse({ path: "/tmp/a", size: 300_000_000 }, 413);
    expect((await refuse({ path: "/tmp/a", size: 2 ** 50 }, 413)).detail).toMatch(/in parts has \d+ bytes at most/);
    await refuse({ path: "/task", size: 1 }, 409);
    await refuse({ path: "/bin/sh", size: 1 }, 403);
    await refuse({ path: "/task/task.yaml/a", size: 1 }, 409);
    for (const json of [
      { path: "/tmp/../a", size: 1 },
      { path: "/tmp/a", size: -1 },
      { path: "/tmp/a", size: 1.5 },
      { path: "/tmp/a" },
      { size: 1 },
      { path: "/tmp/a", size: 1, sha256: "abc" },
    ]) {
      await refuse(json, 422);
    }
    const upload = await begun(client, { path: "/tmp/a", size: PART + 5 });
    expect((await expectRefusal(await put(client, upload, 1, new Uint8Array(4)), 400)).detail).toMatch(/131072/);
    await expectRefusal(await put(client, upload, 2, new Uint8Array(6)), 400);
    await expectRefusal(await put(client, upload, 3, new Uint8Array(1)), 400);
    await expectRefusal(await put(client, upload, 0, new Uint8Array(1)), 422);
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const path = `/api/v1${client.base}/${client.environment.id}/uploads/${upload.id}/parts/1`;
    const headers = { Authorization: `Bearer ${client.tenant.adminKey}`, "X-Environment-Token": client.token };
    await expectRefusal(await callConfigured({}, path, { method: "PUT", headers, body }), 411);
    for (let index = 1; index < 20; index += 1) await begun(client, { path: `/tmp/${index}`, size: 1 });
    expect((await refuse({ path: "/tmp/more", size: 1 }, 409)).detail).toMatch(/20 uploads/);
    await client.onEnvironment("", { method: "DELETE" });
    await expectRefusal(await client.onEnvironment(`/uploads/${upload.id}`), 409);
  });
});
