import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { noise, sha256 } from "../registry/archives.ts";
import { callConfigured } from "../configured.ts";
import { textOf } from "../runs/run-client.ts";
import { createEnvironmentClient, type EnvironmentClient, loseObject, expectRefusal, objectOf } from "./client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const put = ({ onEnvironment }: EnvironmentClient, path: string, body: string | Uint8Array<ArrayBuffer>) =>
  onEnvironment(`/files/${path}`, { method: "PUT", body });

interface Listing {
  files: { path: string; type: string; size: number; mode: string }[];
  has_more: boolean;
}

const list = async ({ onEnvironment }: EnvironmentClient, query: string) =>
  (await onEnvironment(`/files${query}`)).json<Listing>();

const part = (byte: number) => new Uint8Array(300_000).fill(byte);

describe("files of a live environment", () => {
  test("are written, seen by commands, and read back", async () => {
    const client = await createEnvironmentClient();
    const made = await put(client, "data/in/größe 1.txt", "hello\n");
    expect(made.status).toBe(201);
    expect(await made.json()).toEqual({
      path: "/data/in/größe 1.txt",
      type: "file",
      size: 6,
      mode: "644",
      modified_at: expect.any(String),
    });
    expect(await client.execute("cat '/data/in/größe 1.txt' > /data/out; wc -c < /data/out")).toMatchObject({
      output: "6\n",
    });
    const read = await client.onEnvironment("/files/data/out");
    expect(await textOf(read)).toBe("hello\n");
    expect(read.headers.get("content-disposition")).toMatch(/^attachment; filename="out"/);
    expect((await put(client, "data/out", "again")).status).toBe(200);
    expect(await textOf(await client.onEnvironment("/files/data/out"))).toBe("again");
  });

  test("take ranges, conditions and HEAD", async () => {
    const client = await createEnvironmentClient({ files: { "a.txt": "0123456789" } });
    const get = (headers: Record<string, string>, method = "GET") =>
      client.onEnvironment("/files/task/a.txt", { headers, method });
    const part = await get({ Range: "bytes=2-4" });
    expect([part.status, part.headers.get("content-range"), await textOf(part)]).toEqual([206, "bytes 2-4/10", "234"]);
    expect((await get({ Range: "bytes=10-" })).status).toBe(416);
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await textOf(head)]).toEqual([200, "10", ""]);
    const etag = head.headers.get("etag") ?? "";
    expect((await get({ "If-None-Match": etag })).status).toBe(304);
    await client.execute("echo more >> a.txt");
    expect((await get({ "If-None-Match": etag })).status).toBe(200);
  });

  test("hold bytes as they are, in many rows, and outlive the object", async () => {
    const client = await createEnvironmentClient();
    const bytes = noise(3_000_001);
    expect((await put(client, "tmp/noise", bytes)).status).toBe(201);
    await loseObject(client.environment);
    const back = new Uint8Array(await (await client.onEnvironment("/files/tmp/noise")).arrayBuffer());
    expect(await sha256(back)).toBe(await sha256(bytes));
    expect(
      await client.execute("wc -c < /tmp/noise; cp /tmp/noise /tmp/copy; cat /tmp/copy | tail -c 100001 > /tmp/end"),
    ).toMatchObject({
      output: "3000001\n",
    });
    const end = new Uint8Array(await (await client.onEnvironment("/files/tmp/end")).arrayBuffer());
    expect(await sha256(end)).toBe(await sha256(bytes.slice(-100_001)));
  });

  test("are listed as deep as asked", async () => {
    const client = await createEnvironmentClient({ files: { "a/b/c.txt": "123", "a/d": "", "z.txt": "" } });
    await client.execute("ln -s a/b/c.txt link");
    expect((await list(client, "")).files.map(({ path, type, size }) => [path, type, size])).toEqual([
      ["/task/a", "directory", 0],
      ["/task/link", "symlink", 0],
      ["/task/task.yaml", "file", expect.any(Number)],
      ["/task/verify.sh", "file", expect.any(Number)],
      ["/task/z.txt", "file", 0],
    ]);
    expect((await list(client, "?path=/task/a&depth=5")).files.map(({ path }) => path)).toEqual([
      "/task/a/b",
      "/task/a/b/c.txt",
      "/task/a/d",
    ]);
    await client.execute("for i in $(seq 1100); do echo > /data/$i; done");
    const many = await list(client, "?path=/data");
    expect([many.files.length, many.has_more]).toEqual([1_000, true]);
  });

  test("are removed, folders with all that is in them", async () => {
    const client = await createEnvironmentClient();
    await put(client, "data/x/y", "1");
    const remove = (path: string) => client.onEnvironment(`/files/${path}`, { method: "DELETE" });
    expect((await remove("data")).status).toBe(204);
    expect((await remove("data")).status).toBe(404);
    expect((await client.onEnvironment("/files/data/x/y")).status).toBe(404);
    expect((await remove("/")).status).toBe(403);
  });

  test("are refused where they cannot be", async () => {
    const client = await createEnvironmentClient();
    expect((await put(client, "task", "")).status).toBe(409);
    expect((await put(client, "task/verify.sh/below", "")).status).toBe(409);
    expect((await client.onEnvironment("/files/task")).status).toBe(409);
    expect((await client.onEnvironment("/files?path=/task/verify.sh")).status).toBe(409);
    expect((await client.onEnvironment("/files?path=/none")).status).toBe(404);
    expect((await client.onEnvironment("/files?path=/a/../b")).status).toBe(422);
    expect((await put(client, `tmp/${"n".repeat(256)}`, "")).status).toBe(400);
    await client.execute("ln -s loop /tmp/loop");
    expect((await client.onEnvironment("/files/tmp/loop")).status).toBe(400);
  });

  test("are 413 above the limit, and 411 without a length", async () => {
    const client = await createEnvironmentClient();
    const path = `/api/v1${client.base}/${client.environment.id}/files/tmp/a`;
    const headers = { Authorization: `Bearer ${client.tenant.adminKey}`, "X-Environment-Token": client.token };
    const large = await callConfigured({ SANDBOX_FILE_MAX_BYTES: "4" }, path, {
      method: "PUT",
      headers: { ...headers, "Content-Length": "5" },
      body: "12345",
    });
    expect((await expectRefusal(large, 413)).detail).toMatch(/4 bytes/);
    const body = new ReadableStream({ start: (controller) => controller.close() });
    await expectRefusal(await callConfigured({}, path, { method: "PUT", headers, body }), 411);
  });

  test("stay as they were when an upload breaks off, and nothing is left of it", async () => {
    const client = await createEnvironmentClient();
    await put(client, "tmp/a", "before\n");
    const path = `/api/v1${client.base}/${client.environment.id}/files/tmp/a`;
    const headers = {
      Authorization: `Bearer ${client.tenant.adminKey}`,
      "X-Environment-Token": client.token,
      "Content-Length": "1000000",
    };
    const parts = [noise(600_000)];
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.pop();
        if (part) controller.enqueue(part);
        else controller.error(new Error("The client is gone"));
      },
    });
    const errors = vi.spyOn(console, "error").mockReturnValue();
    expect((await callConfigured({}, path, { method: "PUT", headers, body })).status).toBe(500);
    expect(errors).toHaveBeenCalled();
    expect(await client.execute("echo after >> /tmp/a; cat /tmp/a")).toMatchObject({ output: "before\nafter\n" });
    const left = await runInDurableObject(objectOf(client.environment), (_, { storage }) =>
      storage.sql
        .exec("SELECT count(*) AS chunks, (SELECT bytes FROM embedded_usage) AS bytes FROM embedded_chunks")
        .one(),
    );
    expect(left).toEqual({ chunks: 1, bytes: 13 });
  });

  test("are whole when two write at once, and keep their mode", async () => {
    const client = await createEnvironmentClient();
    await client.execute("echo '#!/bin/bash' > run; chmod 755 run");
    const halves = [part(1), part(1)];
    const whole = Promise.withResolvers<Response>();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (halves.length === 1) whole.resolve(await put(client, "task/run", part(2)));
        const half = halves.pop();
        if (half) controller.enqueue(half);
        else controller.close();
      },
    });
    const slow = await callConfigured({}, `/api/v1${client.base}/${client.environment.id}/files/task/run`, {
      method: "PUT",
      headers: {
        Authorization: `Bearer ${client.tenant.adminKey}`,
        "X-Environment-Token": client.token,
        "Content-Length": "600000",
      },
      body,
    });
    expect([slow.status, (await whole.promise).status]).toEqual([200, 200]);
    const bytes = new Uint8Array(await (await client.onEnvironment("/files/task/run")).arrayBuffer());
    expect(bytes.every((byte) => byte === 1)).toBe(true);
    expect((await list(client, "")).files[0]).toMatchObject({ path: "/task/run", size: 600_000, mode: "755" });
  });

  test("lie as deep as a path may be, without keeping everybody waiting", async () => {
    const client = await createEnvironmentClient();
    const folder = `tmp/${"a/".repeat(1_900)}`;
    const begun = Date.now();
    expect((await put(client, `${folder}file`, "1")).status).toBe(201);
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  test("of the shell's own folders are not written", async () => {
    const client = await createEnvironmentClient();
    expect((await expectRefusal(await put(client, "usr/bin/tool", "1"), 403)).detail).toMatch(/not permitted/);
    expect((await put(client, "dev/shm/flag", "1")).status).toBe(201);
    expect(await client.execute("cat /dev/shm/flag")).toMatchObject({ output: "1" });
  });

  test("need the environment's token", async () => {
    const client = await createEnvironmentClient();
    for (const [path, method] of [
      ["/files", "GET"],
      ["/files/task/verify.sh", "GET"],
      ["/files/tmp/a", "PUT"],
      ["/files/task/verify.sh", "DELETE"],
    ] as const) {
      const headers = { "X-Environment-Token": "no" };
      const body = method === "PUT" ? { body: "1" } : {};
      await expectRefusal(await client.onEnvironment(path, { method, headers, ...body }), 401);
    }
  });
});
