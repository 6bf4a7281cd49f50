/**
 * What the Worker answers in workerd to requests that no fetch can send. `wrangler dev` has a server of its own before the
 * Worker, which answers some of them itself (docs/http.md); here they come to the Worker's own socket.
 */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { z } from "zod";
import { bundleWorker } from "../../../bench/measure/bundle.ts";
import { ROOT } from "../../../scripts/command.ts";
import { applyMigrations } from "../../../scripts/migrations.ts";

const CONFIG = path.join(ROOT, "wrangler.toml");
/** The Worker with a rate limit of its own: workerd has none. */
const ENTRY = path.join(ROOT, "bench", "stream", "systems", "worker.js");
const SECRET = "a-bootstrap-secret-0123456789";
const madeSchema = z.object({ api_key: z.object({ key: z.string() }) });
const direct = [{ host: "127.0.0.1", port: 0 }];

let folder: string;
let miniflare: Miniflare;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "taskyard-workerd-"));
  const script = await bundleWorker(folder, CONFIG, ENTRY);
  const { compatibilityDate, compatibilityFlags, r2Buckets, d1Databases, durableObjects, workflows } =
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made for miniflare by wrangler, of the same release
    unstable_getMiniflareWorkerOptions(CONFIG).workerOptions as Required<V4WorkerOptions>;
  const ours = {
    name: "taskyard",
    modules: true as const,
    script: await readFile(script, "utf8"),
    compatibilityDate,
    compatibilityFlags,
    r2Buckets,
    d1Databases,
    durableObjects,
    workflows,
    bindings: { REQUEST_LOG: "off", BOOTSTRAP_SECRET: SECRET, JSON_BODY_MAX_BYTES: "4096" },
    unsafeDirectSockets: direct,
  };
  const bare = {
    name: "bare",
    modules: true as const,
    script: "export default { fetch: (request) => new Response(`bare: ${request.url}`) };",
    compatibilityDate,
    unsafeDirectSockets: direct,
  };
  miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [ours, bare] }));
  await applyMigrations(await miniflare.getD1Database("DB", "taskyard"));
  const made = await fetch(new URL("/api/v1/organizations", await miniflare.unsafeGetDirectURL("taskyard")), {
    method: "POST",
    headers: { Authorization: `Bearer ${SECRET}`, "Content-Type": "application/json" },
    body: JSON.stringify({ key: "acme", name: "Acme", owner: { username: "ada", email: "ada@example.com" } }),
  });
  key = madeSchema.parse(await made.json()).api_key.key;
}, 400_000);

afterAll(async () => {
  await miniflare.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Sends these bytes to a Worker's own socket, and gives all that comes until `until` is seen or the connection ends. */
async function exchange(worker: string, head: string[], until: RegExp, body?: (heard: string) => string | undefined) {
  const socket = connect(Number((await miniflare.unsafeGetDirectURL(worker)).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  let heard = "";
  socket.on("error", () => undefined);
  const over = once(socket, "close");
  socket.on("data", (bytes) => {
    heard += String(bytes);
    const more = body?.(heard);
    if (more !== undefined) socket.write(more);
    if (until.test(heard)) socket.destroy();
  });
  await over;
  return heard;
}

const LENGTHS: readonly [string, string[]][] = [
  ["with its length announced", ["Content-Length: 1000000"]],
  ["chunked", ["Transfer-Encoding: chunked"]],
];

it.each(LENGTHS)("answers 401 to a body that waits for 100 Continue, %s, without asking for it", async (_, length) => {
  const head = ["POST /api/v1/org/acme/ws HTTP/1.1", "Host: taskyard.test", "Expect: 100-continue", ...length];
  const heard = await exchange("taskyard", [...head, "Content-Type: application/json"], /"authentication_error"/);
  expect(heard).toMatch(/^HTTP\/1\.1 401 /);
  expect(heard).toContain('{"code":401,');
});

it("answers 413 to an announced body above the limit, without asking for it", async () => {
  const head = ["POST /api/v1/org/acme/ws HTTP/1.1", "Host: taskyard.test", "Expect: 100-continue"];
  const more = [`Authorization: Bearer ${key}`, "Content-Type: application/json", "Content-Length: 1000000"];
  const heard = await exchange("taskyard", [...head, ...more], /"invalid_error"/);
  expect(heard).toMatch(/^HTTP\/1\.1 413 /);
  expect(heard).toContain('{"code":413,');
});

it("asks for a chunked body, and answers 413 once it is above the limit", async () => {
  const head = ["POST /api/v1/org/acme/ws HTTP/1.1", "Host: taskyard.test", "Expect: 100-continue"];
  const more = [`Authorization: Bearer ${key}`, "Content-Type: application/json", "Transfer-Encoding: chunked"];
  let isSent = false;
  const heard = await exchange("taskyard", [...head, ...more], /"invalid_error"/, (said) => {
    if (isSent || !said.startsWith("HTTP/1.1 100 ")) return undefined;
    isSent = true;
    return `2000\r\n${" ".repeat(0x2000)}\r\n`;
  });
  expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 413 /);
});

it("refuses a Host that is no host, which workerd passes on as it comes", async () => {
  const head = ["GET /api/v1/user HTTP/1.1", "Host: 99999999999999999999", "Connection: close"];
  const [own, bare] = [await exchange("taskyard", head, /never/), await exchange("bare", head, /never/)];
  expect(bare).toContain("bare: http://99999999999999999999/api/v1/user");
  expect(own).toMatch(/^HTTP\/1\.1 400 /);
  expect(own).toContain('{"code":400,"detail":"The Host header names no host."');
});
