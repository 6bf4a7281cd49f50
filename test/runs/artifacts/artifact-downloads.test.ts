import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { type LinkSecret, signLink } from "../../../src/auth/signed-links.ts";
import { callConfigured } from "../../configured.ts";
import { call } from "../../tenant.ts";
import { createRunClient, expectNotFound, expectRefused, read, type RunClient, type WireRun } from "../run-client.ts";
import { expectError, expectForbidden, type Item, pathOf, uploadByForm } from "./run-uploads.ts";

const text = { name: "notes.txt", type: "output", content: "0123456789", content_type: "text/plain" };

async function upload({ onRun }: RunClient, artifact: object = {}): Promise<Item> {
  const { artifacts } = await read<{ artifacts: Item[] }>(
    onRun("/artifacts/", { json: { artifacts: [{ ...text, ...artifact }] } }),
  );
  const item = artifacts.at(-1);
  if (!item) throw new Error("Nothing was uploaded");
  return item;
}

async function presign({ onRun }: RunClient, json: object): Promise<string> {
  const link = await read<{ url: string; expires_in: number }>(onRun("/artifacts/presign/", { json }));
  expect(link.expires_in).toBe(3600);
  return link.url;
}

/** The secret of the tests' set-up, which nothing else declares. */
const linkSecrets = () => String(Reflect.get(env, "LINK_SIGNING_SECRETS"));

const openLink = (url: string, init: RequestInit = {}) => call(pathOf(url), init);

const expectLinkInvalid = (answer: Promise<Response>) => expectForbidden(answer, "This link is invalid.");

describe("a link to an artifact", () => {
  test("downloads it without a key", async () => {
    const client = await createRunClient();
    const { storage_path } = await upload(client);
    const url = await presign(client, { storage_path });
    expect(url).toMatch(/^https:\/\/taskyard\.test\/api\/projects\/\d+\/artifact_content\?/);
    const response = await openLink(url);
    expect(await response.text()).toBe(text.content);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain",
      "content-length": "10",
      "content-disposition": `attachment; filename="notes.txt"; filename*=UTF-8''notes.txt`,
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-cache",
      "accept-ranges": "bytes",
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
  });

  test("serves HEAD, ranges and conditional requests", async () => {
    const client = await createRunClient();
    const { storage_path } = await upload(client);
    const url = await presign(client, { storage_path });
    const head = await openLink(url, { method: "HEAD" });
    const etag = head.headers.get("etag") ?? "";
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
    const get = async (headers: Record<string, string>) => {
      const response = await openLink(url, { headers });
      return [response.status, response.headers.get("content-range"), await response.text()];
    };
    expect(await get({ Range: "bytes=2-4" })).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await get({ Range: "bytes=-3" })).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await get({ Range: "bytes=2-4", "If-Range": etag })).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await get({ Range: "bytes=2-4", "If-Range": '"other"' })).toEqual([200, null, text.content]);
    expect(await get({ "If-None-Match": etag })).toEqual([304, null, ""]);
    const beyond = await openLink(url, { headers: { Range: "bytes=10-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  test.each([
    ["text/plain", "inline"],
    ["image/png", "inline"],
    ["text/html", "attachment"],
    ["image/svg+xml", "attachment"],
    ["video/svg+xml", "attachment"],
    ["audio/xhtml+xml", "attachment"],
    ["video/mp4; codecs=avc1", "inline"],
    ["application/pdf", "attachment"],
    ["", "attachment"],
  ])("of type '%s' asked for in place is %s", async (content_type, disposition) => {
    const client = await createRunClient();
    const { storage_path } = await upload(client, { content_type });
    const response = await openLink(await presign(client, { storage_path, disposition: "inline" }));
    expect(response.headers.get("content-disposition")).toMatch(new RegExp(`^${disposition};`));
    expect(response.headers.get("content-type")).toBe(content_type === "" ? "application/octet-stream" : content_type);
  });

  test.each(["a\"b'c;d.txt", "line\nbreak\r.txt", "Übersicht 日本 😀.md", "..", "日".repeat(255), "100%.txt"])(
    "keeps the name %j",
    async (name) => {
      const client = await createRunClient();
      const item = await uploadByForm(
        (path, request) => client.onRun(`/artifacts${path}`, request),
        { ...text, name },
        "x",
      );
      expect(item.name).toBe(name);
      const response = await openLink(await presign(client, { storage_path: item.storage_path }));
      expect(await response.text()).toBe("x");
      const [, encoded = ""] = /filename\*=UTF-8''(\S+)$/.exec(response.headers.get("content-disposition") ?? "") ?? [];
      expect(decodeURIComponent(encoded)).toBe(name);
    },
  );

  test("cannot be changed, nor used for anything else", async () => {
    const [client, other] = [await createRunClient(), await createRunClient()];
    const [item, foreign] = [await upload(client), await upload(other)];
    const url = new URL(await presign(client, { storage_path: item.storage_path }));
    const theirs = new URL(await presign(other, { storage_path: foreign.storage_path }));
    const changed = (change: (link: URL) => void) => {
      const link = new URL(url);
      change(link);
      return openLink(link.href);
    };
    for (const [name, value] of url.searchParams) {
      if (name === "disposition") continue;
      await expectLinkInvalid(changed((link) => link.searchParams.set(name, `${value}x`)));
    }
    for (const name of ["expires", "kid", "signature"]) {
      await expectLinkInvalid(changed((link) => link.searchParams.delete(name)));
    }
    await expectLinkInvalid(changed((link) => link.searchParams.set("disposition", "inline")));
    await expectLinkInvalid(changed((link) => link.searchParams.append("x", "1")));
    await expectLinkInvalid(changed((link) => link.searchParams.set("key", foreign.storage_path)));
    await expectLinkInvalid(
      changed((link) => link.searchParams.set("signature", theirs.searchParams.get("signature") ?? "")),
    );
    await expectLinkInvalid(changed((link) => (link.pathname = theirs.pathname)));
    await expectLinkInvalid(changed((link) => link.searchParams.set("expires", "99999999999")));
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect((await openLink(url.href, { method })).status).toBe(405);
    }
  });

  test("ends after its hour", async () => {
    const client = await createRunClient();
    const { storage_path } = await upload(client);
    const url = new URL(await presign(client, { storage_path }));
    const life = Number(url.searchParams.get("expires")) - Date.now() / 1000;
    expect(life).toBeGreaterThan(3590);
    expect(life).toBeLessThanOrEqual(3600);
    const [kid = "", secret = ""] = linkSecrets().split(":");
    const secrets: LinkSecret[] = [{ kid, secret }];
    for (const name of ["expires", "kid", "signature"]) url.searchParams.delete(name);
    const past = await signLink(secrets, { method: "GET", url, expiresAt: new Date(Date.now() - 1000) });
    await expectForbidden(openLink(past), "This link is expired.");
    const post = await signLink(secrets, { method: "POST", url, expiresAt: new Date(Date.now() + 1000_000) });
    await expectLinkInvalid(openLink(post));
  });

  test("still opens after a new secret came, until the old one goes", async () => {
    const client = await createRunClient();
    const { storage_path } = await upload(client);
    const path = pathOf(await presign(client, { storage_path }));
    const rotated = `new:${"n".repeat(32)},${linkSecrets()}`;
    expect((await callConfigured({ LINK_SIGNING_SECRETS: rotated }, path)).status).toBe(200);
    expect((await callConfigured({ LINK_SIGNING_SECRETS: `new:${"n".repeat(32)}` }, path)).status).toBe(403);
  });

  test("leads nowhere once the object is replaced or gone", async () => {
    const client = await createRunClient();
    const { storage_path } = await upload(client);
    const url = await presign(client, { storage_path });
    await env.ARTIFACTS.put(storage_path, "other");
    await expectError(openLink(url), 404, "Artifact content not found");
    await env.ARTIFACTS.delete(storage_path);
    await expectError(openLink(url), 404, "Artifact content not found");
    await expectError(
      client.onRun("/artifacts/presign/", { json: { storage_path } }),
      404,
      "Artifact content not found",
    );
  });
});

describe("presign", () => {
  test("takes paths of the run's own manifest alone", async () => {
    const client = await createRunClient();
    const foreign = await upload(await createRunClient());
    const refuse = (storage_path: string) =>
      expectError(
        client.onRun("/artifacts/presign/", { json: { storage_path } }),
        404,
        "Artifact not found on this run",
      );
    await refuse("nothing");
    await refuse(foreign.storage_path);
    await env.ARTIFACTS.put(`${foreign.storage_path}x`, "x");
    await refuse(`${foreign.storage_path}x`);
  });

  test.each([
    [{}, "required", "storage_path"],
    [{ storage_path: null }, "null", "storage_path"],
    [{ storage_path: " " }, "blank", "storage_path"],
    [{ storage_path: "x".repeat(501) }, "max_length", "storage_path"],
    [{ storage_path: "x", disposition: "form" }, "invalid_choice", "disposition"],
  ])("refuses %j, even for a run that is not there", async (json, code, attr) => {
    const { send, taskId } = await createRunClient();
    await expectRefused(send(`/${taskId}/runs/${uuid()}/artifacts/presign/`, { json }), code, attr);
  });

  test("of an unknown run is 404", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/artifacts/presign/`, { json: { storage_path: "x" } }));
  });

  test("needs a secret to sign with, and reads with a key that may only read", async () => {
    const client = await createRunClient();
    const { storage_path } = await upload(client);
    const key = await client.makeKey(["task:read"]);
    const path = `/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/artifacts/presign`;
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify({ storage_path }) };
    expect((await call(path, init)).status).toBe(200);
    await expectError(callConfigured({ LINK_SIGNING_SECRETS: "" }, path, init), 400, "Unable to generate download URL");
  });
});

describe("a download by storage path", () => {
  test("has the bytes and says how to take them", async () => {
    const client = await createRunClient();
    const bytes = new Uint8Array(100_000).map((_, index) => index % 256);
    const { storage_path } = await upload(client, {
      name: "page.html",
      content_type: "text/html",
      content: bytes.toBase64(),
      content_encoding: "base64",
    });
    const response = await client.onRun("/artifacts/download/", { json: { storage_path } });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html",
      "content-disposition": `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      "cache-control": "no-cache",
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("looks along the runs that it resumes, no further", async () => {
    const client = await createRunClient();
    const first = await upload(client);
    const resume = async (id: string) => {
      const task = await read<{ latest_run: WireRun }>(
        client.send(`/${client.taskId}/run/`, { json: { resume_from_run_id: id } }),
      );
      return task.latest_run.id;
    };
    const second = await resume(client.runId);
    const third = await resume(second);
    const download = (runId: string, storage_path: string) =>
      client.send(`/${client.taskId}/runs/${runId}/artifacts/download/`, { json: { storage_path } });
    expect(await (await download(third, first.storage_path)).text()).toBe(text.content);
    const unrelated = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json: {} }), 201);
    await expectError(download(unrelated.id, first.storage_path), 404, "Artifact not found on this run");
    await expectError(download(third, "nothing"), 404, "Artifact not found on this run");
    await env.ARTIFACTS.delete(first.storage_path);
    await expectError(download(third, first.storage_path), 404, "Artifact content not found");
  });

  test("is 404 for an unknown run, 400 without a path", async () => {
    const { send, taskId } = await createRunClient();
    const path = `/${taskId}/runs/${uuid()}/artifacts/download/`;
    await expectNotFound(send(path, { json: { storage_path: "x" } }));
    await expectRefused(send(path, { json: {} }), "required", "storage_path");
  });
});

describe("a download by id", () => {
  test("leads to a link, for HEAD too", async () => {
    const client = await createRunClient();
    const { id } = await upload(client);
    const path = `/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/artifacts/${id}/download`;
    for (const method of ["GET", "HEAD"]) {
      const response = await call(path, {
        method,
        headers: { Authorization: `Bearer ${client.adminKey}` },
        redirect: "manual",
      });
      expect([response.status, await response.text()]).toEqual([302, ""]);
      expect(response.headers.get("cache-control")).toBe("no-store");
      const content = await openLink(response.headers.get("location") ?? "", { method });
      expect([content.status, await content.text()]).toEqual([200, method === "GET" ? text.content : ""]);
    }
    const shown = await call(`${path}?disposition=inline`, {
      headers: { Authorization: `Bearer ${client.adminKey}` },
      redirect: "manual",
    });
    expect(shown.headers.get("location")).toContain("disposition=inline");
  });

  test("is 404 for what the run does not have", async () => {
    const client = await createRunClient();
    const foreign = await upload(await createRunClient());
    const missing = "Artifact not found on this run";
    await expectError(client.onRun("/artifacts/nothing/download/"), 404, missing);
    await expectError(client.onRun(`/artifacts/${foreign.id}/download/`), 404, missing);
    await expectNotFound(client.send(`/${client.taskId}/runs/${uuid()}/artifacts/x/download/`));
    const { id, storage_path } = await upload(client);
    await env.ARTIFACTS.delete(storage_path);
    await expectError(client.onRun(`/artifacts/${id}/download/`), 404, "Artifact content not found");
  });
});
