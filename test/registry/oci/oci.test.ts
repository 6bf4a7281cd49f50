import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { callConfigured } from "../../configured.ts";
import { call, createTenant, type Tenant } from "../../tenant.ts";
import { manifest as taskYaml, leftovers, NOTHING_LEFT, noise, packTask, publish, streamOf } from "../archives.ts";
import { makePublic } from "../published.ts";
import { API, CONFIG_TYPE, digestOf, LAYER_TYPE, MANIFEST_TYPE, OciClient, taskLayer, V2 } from "./client.ts";
import { layerOf } from "./tar.ts";

const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const NO_BLOB = `sha256:${"0".repeat(64)}`;

/** A body as it comes from a client, of a length that nobody announces. */
function byteStream(chunks: Uint8Array[], end: "close" | "error" = "close"): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    type: "bytes",
    pull(controller: ReadableByteStreamController) {
      const chunk = left.shift();
      if (chunk) return controller.enqueue(chunk);
      if (end === "error") return controller.error(new Error("the client went away"));
      controller.close();
      controller.byobRequest?.respond(0);
      return undefined;
    },
  });
}

/** What an error says, at A4's place and at that of container tools. */
async function told(answer: Response): Promise<{ status: number; code: string; message: string }> {
  const body = await answer.json<{
    detail?: string;
    type?: string;
    errors?: { code: string; message: string; detail?: unknown }[];
  }>();
  const [first] = body.errors ?? [];
  const isOci = first !== undefined && "code" in first;
  return {
    status: answer.status,
    code: isOci ? first.code : (body.type ?? ""),
    message: isOci ? first.message : (body.detail ?? ""),
  };
}

describe.each([API, V2])("a push and a pull, step by step, at %s", (prefix) => {
  let tenant: Tenant;
  let client: OciClient;
  const layer = taskLayer({}, { "data/big.bin": noise(300_000) });
  const config = bytesOf(JSON.stringify({ name: "sample" }));

  beforeAll(async () => {
    tenant = await createTenant();
    client = new OciClient(tenant, { prefix });
  });

  test("asks for a blob, starts an upload, sends it whole, and finds it", async () => {
    const digest = await digestOf(layer);
    const place = prefix === API ? `blobs/${digest}` : `sample/blobs/${digest}`;
    expect((await client.send("HEAD", place)).status).toBe(404);
    const started = await client.send("POST", "sample/blobs/uploads/");
    expect([started.status, await started.text()]).toEqual([202, ""]);
    const location = started.headers.get("location") ?? "";
    expect(location).toMatch(new RegExp(`^${prefix}/${tenant.org}/sample/blobs/uploads/[0-9a-f-]{36}$`));
    expect(started.headers.get("docker-upload-uuid")).toBe(location.split("/").at(-1));
    expect(started.headers.get("range")).toBe("0-0");
    const put = await client.send("PUT", `${location}?digest=${encodeURIComponent(digest)}`, { body: layer });
    expect(put.status).toBe(201);
    expect(put.headers.get("docker-content-digest")).toBe(digest);
    expect(put.headers.get("location")).toBe(`${prefix}/${tenant.org}/sample/blobs/${digest}`);
    const head = await client.send("HEAD", place);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(layer.byteLength)]);
    expect(head.headers.get("docker-content-digest")).toBe(digest);
    expect(await leftovers(tenant)).toEqual({ objects: [expect.any(String)], uploads: 0, discarded: 0 });
  });

  test("sends the configuration in one request", async () => {
    const digest = await digestOf(config);
    const answer = await client.send("POST", `sample/blobs/uploads/?digest=${digest}`, { body: config });
    expect([answer.status, answer.headers.get("docker-content-digest")]).toEqual([201, digest]);
  });

  test("puts the manifest, and the version is there", async () => {
    const { manifest, sent } = await client.prepare(layer, { config: { name: "sample" } });
    expect(sent).toEqual([false, false]);
    const text = JSON.stringify(manifest);
    const digest = await digestOf(bytesOf(text));
    const put = await client.putManifest(text);
    expect([put.status, await put.text()]).toEqual([201, ""]);
    expect(put.headers.get("docker-content-digest")).toBe(digest);
    expect(put.headers.get("location")).toBe(`${prefix}/${tenant.org}/sample/manifests/${digest}`);
    const detail = await (await tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0`)).json();
    expect(detail).toMatchObject({
      oci_digest: await digestOf(layer),
      instruction: "Write the answer to /tmp/answer.",
    });
    const listed = await (await tenant.api(`/org/${tenant.org}/tasks`)).json();
    expect(listed).toMatchObject({ tasks: [{ oci_digest: await digestOf(layer) }] });
    const file = await tenant.api(`/org/${tenant.org}/tasks/sample/files/data/big.bin`);
    expect(await file.bytes()).toEqual(noise(300_000));
  });

  test("repeated, sends nothing and changes nothing", async () => {
    const before = await leftovers(tenant);
    const { manifest, sent } = await client.prepare(layer, { config: { name: "sample" } });
    expect([sent, (await client.putManifest(manifest)).status]).toEqual([[false, false], 201]);
    expect(await leftovers(tenant)).toEqual(before);
  });

  test("pulls the manifest by version, as latest, by digest, and not when it is kept", async () => {
    const { manifest } = await client.prepare(layer, { config: { name: "sample" } });
    const text = JSON.stringify(manifest);
    const digest = await digestOf(bytesOf(text));
    for (const reference of ["1.0.0", "latest", digest]) {
      const answer = await client.send("GET", `sample/manifests/${reference}`);
      expect([answer.status, await answer.text()]).toEqual([200, text]);
      expect(answer.headers.get("content-type")).toBe(MANIFEST_TYPE);
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
      const head = await client.send("HEAD", `sample/manifests/${reference}`);
      expect([head.status, head.headers.get("content-length")]).toEqual([200, String(text.length)]);
    }
    const headers = { "If-None-Match": `"${digest}"` };
    expect((await client.send("GET", "sample/manifests/1.0.0", { headers })).status).toBe(304);
  });

  test("pulls the layer as it was pushed, and a part of it", async () => {
    const place = `sample/blobs/${await digestOf(layer)}`;
    const whole = await client.send("GET", place);
    expect([whole.status, await whole.bytes()]).toEqual([200, layer]);
    const part = await client.send("GET", place, { headers: { Range: "bytes=10-19" } });
    expect([part.status, await part.bytes()]).toEqual([206, layer.slice(10, 20)]);
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${layer.byteLength}`);
    const outside = await client.send("GET", place, { headers: { Range: "bytes=9999999-" } });
    expect(outside.status).toBe(416);
  });

  test("lists tags by pages, in the order of their text", async () => {
    for (const version of ["1.10.0", "1.2.0"]) {
      expect((await client.push(taskLayer({ version }), { version })).status).toBe(201);
    }
    // One that was published as a zip has no manifest, and is no tag.
    expect((await publish(tenant, packTask({ version: "3.0.0" }), { version: "3.0.0" })).status).toBe(201);
    const name = `${tenant.org}/sample`;
    expect(await (await client.send("GET", "sample/tags/list")).json()).toEqual({
      name,
      tags: ["1.0.0", "1.10.0", "1.2.0"],
    });
    const first = await client.send("GET", "sample/tags/list?n=2");
    expect(await first.json()).toEqual({ name, tags: ["1.0.0", "1.10.0"] });
    const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    const second = await client.send("GET", next);
    expect([await second.json(), second.headers.get("link")]).toEqual([{ name, tags: ["1.2.0"] }, null]);
    expect(await (await client.send("GET", "sample/tags/list?n=0")).json()).toEqual({ name, tags: [] });
    expect((await client.send("GET", "sample/manifests/latest")).status).toBe(404);
  });

  test("tells that nothing refers to a manifest", async () => {
    const answer = await client.send("GET", `sample/referrers/${NO_BLOB}`);
    const type = "application/vnd.oci.image.index.v1+json";
    expect(answer.headers.get("content-type")).toBe(type);
    expect(await answer.json()).toEqual({ schemaVersion: 2, mediaType: type, manifests: [] });
    expect((await client.send("GET", `nothing/referrers/${NO_BLOB}`)).status).toBe(404);
  });

  test("mounts a blob for another task, and starts an upload for one that is not there", async () => {
    const digest = await digestOf(layer);
    const mounted = await client.send("POST", `other/blobs/uploads/?mount=${digest}&from=${tenant.org}/sample`);
    expect([mounted.status, mounted.headers.get("location")]).toEqual([
      201,
      `${prefix}/${tenant.org}/other/blobs/${digest}`,
    ]);
    expect((await client.send("POST", `other/blobs/uploads/?mount=${NO_BLOB}&from=x/y`)).status).toBe(202);
  });

  test("deletes a version by its digest, and by its number", async () => {
    const pulled = await client.send("HEAD", "sample/manifests/1.2.0");
    const digest = pulled.headers.get("docker-content-digest") ?? "";
    expect((await client.send("DELETE", `sample/manifests/${digest}`)).status).toBe(202);
    expect((await client.send("GET", `sample/manifests/${digest}`)).status).toBe(404);
    expect((await client.send("DELETE", "sample/manifests/1.10.0")).status).toBe(202);
    expect((await client.send("DELETE", "sample/manifests/1.10.0")).status).toBe(404);
    expect((await client.send("DELETE", "sample/manifests/latest")).status).toBe(404);
    // The number may be pushed again, with other files.
    const again = await client.push(taskLayer({ version: "1.2.0" }, { more: "x" }), { version: "1.2.0" });
    expect(again.status).toBe(201);
  });
});

describe("a blob in chunks", () => {
  const blob = noise(40_000);
  const [one, two] = [blob.slice(0, 10_000), blob.slice(10_000)];

  test("is put together in order, told how far it is, and resumed", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant, { prefix: V2 });
    const place = await client.start();
    const patched = await client.send("PATCH", place, { body: one, headers: { "Content-Range": "0-9999" } });
    expect([patched.status, patched.headers.get("range"), patched.headers.get("location")]).toEqual([
      202,
      "0-9999",
      place,
    ]);
    // The same chunk again, as after an answer that was lost: 416 tells where to go on.
    const again = await client.send("PATCH", place, { body: one, headers: { "Content-Range": "0-9999" } });
    expect([again.status, again.headers.get("range"), again.headers.get("location")]).toEqual([416, "0-9999", place]);
    expect(await told(again)).toMatchObject({ code: "BLOB_UPLOAD_INVALID", message: /10000 bytes/ });
    const look = await client.send("GET", place);
    expect([look.status, look.headers.get("range"), look.headers.get("location")]).toEqual([204, "0-9999", place]);
    const digest = await digestOf(blob);
    const end = { body: two, headers: { "Content-Range": "10000-39999" } };
    expect((await client.send("PUT", `${place}?digest=${digest}`, end)).status).toBe(201);
    expect(await (await client.send("GET", `sample/blobs/${digest}`)).bytes()).toEqual(blob);
    expect((await client.send("GET", place)).status).toBe(404);
    expect(await leftovers(tenant)).toEqual({ objects: [expect.any(String)], uploads: 0, discarded: 0 });
  });

  test("may come without any length announced, above the size of a part", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant, { prefix: V2 });
    const large = noise(9 * 1024 * 1024);
    const digest = await digestOf(large);
    const place = await client.start();
    const pieces = Array.from({ length: 9 }, (_, index) => large.slice(index << 20, (index + 1) << 20));
    expect((await client.send("PATCH", place, { body: streamOf(pieces) })).headers.get("range")).toBe(
      `0-${large.byteLength - 1}`,
    );
    expect((await client.send("PUT", `${place}?digest=${digest}`)).status).toBe(201);
    const read = await client.send("GET", `sample/blobs/${digest}`, { headers: { Range: "bytes=-100" } });
    expect(await read.bytes()).toEqual(large.slice(-100));
    expect(await leftovers(tenant)).toEqual({ objects: [expect.any(String)], uploads: 0, discarded: 0 });
  });

  test("that breaks off has never been, and the upload goes on from where it was", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant, { prefix: V2 });
    const place = await client.start();
    await client.send("PATCH", place, { body: one });
    const lengths: Record<string, string>[] = [{}, { "Content-Length": "30000" }];
    for (const length of lengths) {
      const init = { method: "PATCH", headers: { ...client.headers, ...length } };
      const cut = await callConfigured({}, place, { ...init, body: byteStream([two.slice(0, 5000)], "error") });
      expect(await told(cut)).toMatchObject({ status: 400, message: /broke off/ });
    }
    expect((await client.send("GET", place)).headers.get("range")).toBe("0-9999");
    expect((await leftovers(tenant)).objects).toHaveLength(1);
    const digest = await digestOf(blob);
    expect((await client.send("PUT", `${place}?digest=${digest}`, { body: two })).status).toBe(201);
  });

  test("is cancelled with all that has arrived", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const place = await client.start();
    await client.send("PATCH", place, { body: one });
    expect((await client.send("DELETE", place)).status).toBe(204);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
    for (const method of ["GET", "PATCH", "DELETE"]) expect((await client.send(method, place)).status).toBe(404);
  });

  test("may be empty", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const empty = new Uint8Array(0);
    const { digest } = await client.pushBlob(empty);
    const read = await client.send("GET", `blobs/${digest}`);
    expect([read.status, (await read.bytes()).byteLength]).toEqual([200, 0]);
  });
});

describe("what is wrong with a blob", () => {
  let tenant: Tenant;
  let clients: OciClient[];
  const bytes = bytesOf("some bytes");

  beforeAll(async () => {
    tenant = await createTenant();
    clients = [API, V2].map((prefix) => new OciClient(tenant, { prefix }));
  });

  /** Sends the same at both places; each has errors of its own. */
  async function both(send: (client: OciClient) => Promise<Response>) {
    const answers = [];
    for (const client of clients) answers.push(await told(await send(client)));
    return answers.map(({ status, code }) => [status, code]);
  }

  test("another digest than the bytes have: 400, and the upload stays", async () => {
    const answers = await both(async (client) =>
      client.send("PUT", `${await client.start()}?digest=${NO_BLOB}`, { body: bytes }),
    );
    expect(answers).toEqual([
      [400, "invalid_error"],
      [400, "DIGEST_INVALID"],
    ]);
    const [client = new OciClient(tenant)] = clients;
    const place = await client.start();
    await client.send("PATCH", place, { body: bytes });
    expect((await client.send("PUT", `${place}?digest=${NO_BLOB}`)).status).toBe(400);
    expect((await client.send("PUT", `${place}?digest=${await digestOf(bytes)}`)).status).toBe(201);
    const post = await client.send("POST", `sample/blobs/uploads/?digest=${NO_BLOB}`, { body: bytes });
    expect(post.status).toBe(400);
    expect((await leftovers(tenant)).objects).toHaveLength(1);
  });

  test("a digest that is none", async () => {
    const wrong = ["sha512:00", "SHA256:", "nonsense"];
    for (const digest of wrong) {
      expect(
        await both(async (client) => client.send("PUT", `${await client.start()}?digest=${digest}`, { body: bytes })),
      ).toEqual([
        [422, "validation_error"],
        [400, "DIGEST_INVALID"],
      ]);
      expect(await both((client) => client.send("GET", `sample/blobs/${digest}`))).toEqual([
        [422, "validation_error"],
        [400, "DIGEST_INVALID"],
      ]);
    }
  });

  test("a chunk of another size than its range, and a range that is none", async () => {
    for (const range of ["0-3", "9-1", "bytes=0-9"]) {
      const headers = { "Content-Range": range };
      expect(
        await both(async (client) => client.send("PATCH", await client.start(), { body: bytes, headers })),
      ).toEqual([
        [400, "invalid_error"],
        [400, "SIZE_INVALID"],
      ]);
      const body = () => streamOf([bytes]);
      const answers = both(async (client) => client.send("PATCH", await client.start(), { body: body(), headers }));
      expect((await answers).map(([status]) => status)).toEqual([400, 400]);
    }
  });

  test("an upload that is not there, or another task's or organization's", async () => {
    const stranger = new OciClient(await createTenant());
    const place = await clients[0]?.start();
    const id = place?.split("/").at(-1) ?? "";
    expect(await both((client) => client.send("GET", `other/blobs/uploads/${id}`))).toEqual([
      [404, "not_found_error"],
      [404, "BLOB_UPLOAD_UNKNOWN"],
    ]);
    expect((await stranger.send("GET", `sample/blobs/uploads/${id}`)).status).toBe(404);
    expect((await stranger.send("GET", place ?? "")).status).toBe(404);
  });

  test("a blob that is not there", async () => {
    expect(await both((client) => client.send("GET", `sample/blobs/${NO_BLOB}`))).toEqual([
      [404, "not_found_error"],
      [404, "BLOB_UNKNOWN"],
    ]);
  });

  test("more bytes than a request, or a blob, may have", async () => {
    const headers = { ...new OciClient(tenant).headers };
    const small = { PUBLISH_MAX_BYTES: "1000" };
    const lengths: Record<string, string>[] = [{}, { "Content-Length": "2000" }];
    for (const length of lengths) {
      const place = (await clients[1]?.start()) ?? "";
      const init = { method: "PATCH", headers: { ...headers, ...length }, body: byteStream([noise(2000)]) };
      const answer = await callConfigured(small, place, init);
      expect(await told(answer)).toMatchObject({ status: 413, code: "SIZE_INVALID", message: /At most 1000 bytes/ });
    }
    const place = (await clients[1]?.start()) ?? "";
    await clients[1]?.send("PATCH", place, { body: noise(2000) });
    const limits = { UPLOAD_MAX_BYTES: "2500" };
    const init = { method: "PATCH", headers: { ...headers, "Content-Length": "2000" }, body: noise(2000) };
    expect((await callConfigured(limits, place, init)).status).toBe(413);
  });
});

describe("what is wrong with a manifest", () => {
  let tenant: Tenant;
  let client: OciClient;
  let good: Awaited<ReturnType<OciClient["prepare"]>>["manifest"];

  beforeAll(async () => {
    tenant = await createTenant();
    client = new OciClient(tenant, { prefix: V2 });
    good = (await client.prepare(taskLayer())).manifest;
  });

  const wrong: [string, (manifest: typeof good) => unknown, RegExp][] = [
    ["no JSON", () => "{", /not JSON/],
    ["not UTF-8", () => "\ud800{}", /JSON/],
    ["another schema", (m) => ({ ...m, schemaVersion: 1 }), /schemaVersion/],
    ["no layer", (m) => ({ ...m, layers: [] }), /exactly one layer/],
    ["two layers", (m) => ({ ...m, layers: [...m.layers, ...m.layers] }), /exactly one layer/],
    ["a layer of another type", (m) => ({ ...m, layers: [{ ...m.layers[0], mediaType: "text/plain" }] }), /tar\+gzip/],
    ["a layer of another size", (m) => ({ ...m, layers: [{ ...m.layers[0], size: 1 }] }), /has 1 bytes; it has/],
    ["no configuration", (m) => ({ ...m, config: undefined }), /config/],
    ["a subject", (m) => ({ ...m, subject: m.config }), /nothing refers to a task/],
    ["no task", (m) => ({ ...m, annotations: { "io.dreadnode.type": "dataset" } }), /environment or task/],
    ["another task", (m) => ({ ...m, annotations: { "io.dreadnode.name": "acme/other" } }), /acme\/other/],
    ["another version", (m) => ({ ...m, annotations: { "io.dreadnode.version": "2.0.0" } }), /2\.0\.0/],
  ];
  test.each(wrong)("%s: 400 says so", async (_, change, message) => {
    const answer = await told(await client.putManifest(change(good)));
    expect(answer).toMatchObject({ status: 400, code: "MANIFEST_INVALID", message });
  });

  test("another media type, too many bytes, or no body", async () => {
    const type = "application/vnd.oci.image.index.v1+json";
    expect(await told(await client.putManifest(good, { type }))).toMatchObject({
      status: 400,
      message: /image\.index/,
    });
    const large = { ...good, annotations: { long: "x".repeat(300_000) } };
    expect(await told(await client.putManifest(large))).toMatchObject({ status: 413, code: "SIZE_INVALID" });
    const headers = { "Content-Type": MANIFEST_TYPE };
    expect(await told(await client.send("PUT", "sample/manifests/1.0.0", { headers }))).toMatchObject({ status: 400 });
  });

  test("a blob that was not pushed: 404", async () => {
    const layers = [{ mediaType: LAYER_TYPE, digest: NO_BLOB, size: 5 }];
    const answer = await told(await client.putManifest({ ...good, layers }));
    expect(answer).toMatchObject({ status: 404, code: "MANIFEST_BLOB_UNKNOWN", message: /push it first/ });
  });

  test("a version that is none, a task's name that is none", async () => {
    for (const version of ["latest", "1.0", "v1.0.0", NO_BLOB]) {
      expect(await told(await client.putManifest(good, { version }))).toMatchObject({
        status: 400,
        code: "TAG_INVALID",
      });
    }
    expect(await told(await client.putManifest(good, { name: "No_Name" }))).toMatchObject({
      status: 400,
      code: "NAME_INVALID",
    });
    expect(await told(await client.send("GET", "sample/manifests/nonsense"))).toMatchObject({ code: "TAG_INVALID" });
    expect(await told(await client.send("GET", "sample/manifests/9.9.9"))).toMatchObject({ code: "MANIFEST_UNKNOWN" });
    expect(await told(await client.send("GET", "sample/tags/list"))).toMatchObject({
      status: 404,
      code: "NAME_UNKNOWN",
    });
  });

  test("an archive that is refused: 400 with the reasons, in either body, and nothing of it stays but its blobs", async () => {
    const layer = layerOf({ "task.yaml": taskYaml({ name: "other", solution: undefined }), "../up": "x" });
    const before = await leftovers(tenant);
    const v2 = await client.push(layer);
    expect(v2.status).toBe(400);
    expect(await v2.json()).toEqual({
      errors: [
        {
          code: "MANIFEST_INVALID",
          message: expect.stringMatching(/^The archive was refused: "\.\.\/up" has a \.\. folder/),
          detail: [{ loc: ["archive", "../up"], msg: expect.any(String), type: "traversal" }],
        },
      ],
    });
    const yaml = layerOf({ "task.yaml": taskYaml({ name: "other", solution: undefined }), "verify.sh": "" });
    const api = await new OciClient(tenant).push(yaml);
    expect(api.status).toBe(400);
    expect(await api.json()).toMatchObject({
      code: 400,
      type: "task_error",
      detail: /^The archive was refused: .*'other'/,
      errors: [{ loc: ["archive", "task.yaml", "name"], type: "name_mismatch" }],
    });
    const after = await leftovers(tenant);
    expect(after.objects.filter((key) => key.endsWith(".zip"))).toEqual([]);
    expect([after.discarded, before.discarded]).toEqual([0, 0]);
  });

  test("other files for a version that is published, by a push or a zip: 409", async () => {
    expect((await client.push(taskLayer({ version: "2.0.0" }), { version: "2.0.0" })).status).toBe(201);
    const other = await client.push(taskLayer({ version: "2.0.0" }, { more: "x" }), { version: "2.0.0" });
    expect(await told(other)).toMatchObject({
      status: 409,
      code: "DENIED",
      message: /published with manifest sha256:/,
    });
    await publish(tenant, packTask({ version: "3.0.0" }), { version: "3.0.0" });
    const zipped = await new OciClient(tenant).push(taskLayer({ version: "3.0.0" }), { version: "3.0.0" });
    expect(await told(zipped)).toMatchObject({ status: 409, code: "already_exists_error", message: /as a zip/ });
  });
});

describe("who may do what", () => {
  const SECRET = { "solution.sh": "echo 42 > /tmp/answer\n" };

  test("a base that asks for Basic credentials, and tells who has them that this is a registry", async () => {
    const tenant = await createTenant();
    const refused = await call("/v2/");
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="taskyard"']);
    expect(await refused.json()).toEqual({ errors: [{ code: "UNAUTHORIZED", message: expect.any(String) }] });
    const { headers } = new OciClient(tenant);
    const answer = await call("/v2/", { headers });
    expect([answer.status, answer.headers.get("docker-distribution-api-version")]).toEqual([200, "registry/2.0"]);
    expect(await told(await call("/v2/_catalog", { headers }))).toMatchObject({ status: 404, code: "UNSUPPORTED" });
    const blob = await call(`/v2/${tenant.org}/sample/blobs/${NO_BLOB}`, { method: "DELETE", headers });
    expect(await told(blob)).toMatchObject({ status: 405, code: "UNSUPPORTED" });
  });

  test("readers pull what they may download whole, of public tasks anyone", async () => {
    const [tenant, stranger] = [await createTenant(), await createTenant()];
    const owner = new OciClient(tenant, { prefix: V2 });
    const reader = new OciClient(tenant, { prefix: V2, key: await tenant.makeKey(["task:read"]) });
    const other = new OciClient(tenant, { prefix: V2, key: await stranger.makeKey(["task:read"]) });
    const [open, closed] = [taskLayer(), taskLayer({ version: "2.0.0" }, SECRET)];
    await owner.push(open, { config: { open: true } });
    await owner.push(closed, { version: "2.0.0", config: { closed: true } });
    const [openBlob, closedBlob] = [`sample/blobs/${await digestOf(open)}`, `sample/blobs/${await digestOf(closed)}`];
    const config = `sample/blobs/${await digestOf(bytesOf('{"closed":true}'))}`;
    const loose = (await owner.pushBlob(bytesOf("named by no manifest"))).digest;
    const statuses = async (client: OciClient) => {
      const places = [
        "sample/manifests/2.0.0",
        openBlob,
        closedBlob,
        config,
        `sample/blobs/${loose}`,
        "sample/tags/list",
      ];
      return Promise.all(places.map(async (place) => (await client.send("GET", place)).status));
    };
    expect(await statuses(owner)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await statuses(reader)).toEqual([200, 200, 403, 403, 404, 200]);
    expect(await statuses(other)).toEqual([404, 404, 404, 404, 404, 404]);
    await makePublic(tenant, "sample");
    expect(await statuses(other)).toEqual([200, 200, 403, 403, 404, 200]);
    expect(await told(await reader.send("GET", closedBlob))).toMatchObject({
      code: "DENIED",
      message: /solution or flag/,
    });
    expect((await reader.send("POST", "sample/blobs/uploads/")).status).toBe(403);
    expect((await other.send("POST", "sample/blobs/uploads/")).status).toBe(403);
    const writer = new OciClient(tenant, { key: await stranger.makeKey(["task:write"]) });
    expect((await writer.send("POST", "sample/blobs/uploads/")).status).toBe(404);
    expect((await writer.send("POST", `sample/blobs/uploads/?mount=${await digestOf(open)}`)).status).toBe(404);
  });

  test("requests are limited", async () => {
    const tenant = await createTenant();
    const { headers } = new OciClient(tenant);
    const limited = { RATE_LIMIT: env.RATE_LIMIT_LOW };
    const statuses = [];
    for (let sent = 0; sent < 6; sent += 1) statuses.push((await callConfigured(limited, "/v2/", { headers })).status);
    expect(statuses.at(-1)).toBe(429);
    expect(await told(await callConfigured(limited, "/v2/", { headers }))).toMatchObject({ code: "TOOMANYREQUESTS" });
  });

  test("the configuration of any type is taken, since the task says what it is itself", async () => {
    const client = new OciClient(await createTenant());
    const { manifest } = await client.prepare(taskLayer());
    const empty = { ...manifest.config, mediaType: "application/vnd.oci.empty.v1+json" };
    expect(manifest.config.mediaType).toBe(CONFIG_TYPE);
    expect((await client.putManifest({ ...manifest, config: empty, annotations: undefined })).status).toBe(201);
  });
});
