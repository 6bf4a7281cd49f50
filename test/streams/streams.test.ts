import { describe, expect, test } from "vitest";
import { createRunClient } from "../runs/run-client.ts";
import { call } from "../tenant.ts";
import { createStreamClient, expectRefusal, JSON_TYPE, ProtocolEvents, TEXT } from "./stream-client.ts";

const NUMBERED = (seq: number, epoch = 0) => ({
  ...TEXT,
  "Producer-Id": "writer",
  "Producer-Epoch": String(epoch),
  "Producer-Seq": String(seq),
});
const CLOSES = { "Stream-Closed": "true" };
const statusOf = async (answer: Promise<Response>) => (await answer).status;

describe("a stream of one's own", () => {
  test("is made, appended to, read, closed and deleted", async () => {
    const { send, make, append } = await createStreamClient();
    const made = await make("chat", "Hello");
    expect(Object.fromEntries(made.headers)).toMatchObject({
      "content-type": "text/plain",
      "stream-next-offset": "0000000000000001",
      location: "https://taskyard.test/api/projects/@current/v1/stream/chat",
    });
    const appended = await append("chat", ", world");
    expect([appended.status, appended.headers.get("stream-next-offset")]).toEqual([204, "0000000000000002"]);
    const read = await send("/chat");
    expect(await read.text()).toBe("Hello, world");
    expect(Object.fromEntries(read.headers)).toMatchObject({
      "content-type": "text/plain",
      "stream-next-offset": "0000000000000002",
      "stream-up-to-date": "true",
      "cache-control": "private, no-cache",
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
    expect(read.headers.has("stream-closed")).toBe(false);
    expect(await (await send("/chat?offset=0000000000000001")).text()).toBe(", world");
    const closed = await send("/chat", { method: "POST", headers: CLOSES });
    expect([closed.status, closed.headers.get("stream-closed")]).toEqual([204, "true"]);
    const head = await send("/chat", { method: "HEAD" });
    expect([head.headers.get("stream-closed"), head.headers.get("cache-control")]).toEqual(["true", "no-store"]);
    expect((await send("/chat", { method: "DELETE" })).status).toBe(204);
    for (const method of ["GET", "DELETE"]) await expectRefusal(send("/chat", { method }), 404, "not_found");
    expect((await send("/chat", { method: "HEAD" })).status).toBe(404);
    await expectRefusal(append("chat", "more"), 404, "not_found");
  });

  test("of JSON keeps each message as it came, members of a list one by one", async () => {
    const { send, make, append } = await createStreamClient();
    await make("json", '[{"b": 1.0, "a": "\\u00e9"},\n 2]', JSON_TYPE);
    expect((await append("json", ' {"x":\r\n [1, 2]} ', JSON_TYPE)).headers.get("stream-next-offset")).toMatch(/3$/);
    expect((await append("json", "[[],[3]]", JSON_TYPE)).status).toBe(204);
    expect(await (await send("/json")).text()).toBe('[{"b": 1.0, "a": "\\u00e9"},2,{"x": [1, 2]},[],[3]]');
    const wrong = [
      "",
      " ",
      "[1",
      "[1]]",
      "[1,]",
      "{]",
      "[1 2]",
      '["\u0001"]',
      "[]",
      new Uint8Array([0x22, 0xff, 0x22]),
    ];
    for (const body of wrong) {
      const code = body === "" || body === "[]" ? "invalid_input" : "parse_error";
      await expectRefusal(append("json", body, JSON_TYPE), 400, code);
    }
    expect(await (await send("/json?offset=0000000000000005")).text()).toBe("[]");
    const large = JSON.stringify(["x".repeat(1_900_000)]);
    await expectRefusal(append("json", large, JSON_TYPE), 413, "request_too_large", /message/);
  });

  test("of bytes keeps them whatever they are, also more than one row holds, and gives them in parts", async () => {
    const { send, make, append } = await createStreamClient();
    await make("bytes", undefined, {});
    const body = new Uint8Array(2_500_001).map((_, index) => (index * 31 + (index >> 8)) % 256);
    expect((await append("bytes", body, { "Content-Type": "application/octet-stream" })).status).toBe(204);
    const parts: Uint8Array[] = [];
    for (let offset = "-1"; ;) {
      const read = await send(`/bytes?offset=${offset}`);
      parts.push(new Uint8Array(await read.arrayBuffer()));
      offset = read.headers.get("stream-next-offset") ?? "";
      if (read.headers.has("stream-up-to-date")) break;
      expect(read.headers.get("cache-control")).toBe("private, max-age=60, stale-while-revalidate=300");
    }
    expect(parts.length).toBeGreaterThan(1);
    const whole = new Uint8Array(await new Blob(parts).arrayBuffer());
    expect(whole.length).toBe(body.length);
    expect(whole.every((byte, index) => byte === body[index])).toBe(true);
  });

  test("of text is not cut within a character", async () => {
    const { send, make, append } = await createStreamClient();
    await make("text");
    const text = "é".repeat(600_000);
    await append("text", `x${text}`);
    const events = new ProtocolEvents(await send("/text?offset=-1&live=sse"));
    let read = "";
    for (let event = await events.next(); event && !event.data.includes("upToDate"); event = await events.next()) {
      if (event.event === "data") read += event.data;
    }
    expect(read === `x${text}`).toBe(true);
    await events.leave();
  });

  test("is the same when it is asked for again, and refused with other settings", async () => {
    const { send, make } = await createStreamClient();
    const put = (headers: Record<string, string>) => send("/same", { method: "PUT", headers });
    await make("same", undefined, { ...JSON_TYPE, "Stream-TTL": "60" });
    const again = await put({ "Content-Type": "Application/JSON; charset=utf-8", "Stream-TTL": "60" });
    expect([again.status, again.headers.get("content-type")]).toEqual([200, "application/json"]);
    for (const headers of [TEXT, JSON_TYPE, { ...JSON_TYPE, "Stream-TTL": "61" }]) {
      await expectRefusal(put(headers), 409, "conflict");
    }
    await expectRefusal(put({ ...JSON_TYPE, "Stream-TTL": "60", ...CLOSES }), 409, "conflict");
  });

  test("refuses what makes no sense, and stores nothing of it", async () => {
    const { send, make, append } = await createStreamClient();
    const year = new Date().getUTCFullYear();
    const settings: Record<string, string>[] = [
      { "Stream-TTL": "1.5" },
      { "Stream-TTL": "315360001" },
      { "Stream-Expires-At": "tomorrow" },
      { "Stream-Expires-At": "2026-01-01T00:00:00Z" },
      { "Stream-Expires-At": `${year + 11}-01-01T00:00:00Z` },
      { "Stream-TTL": "1", "Stream-Expires-At": `${year + 1}-01-01T00:00:00Z` },
      { "Content-Type": "nonsense" },
      { "Stream-Forked-From": "/v1/stream/other" },
    ];
    for (const headers of settings) {
      await expectRefusal(send("/wrong", { method: "PUT", headers }), 400, "invalid_input");
    }
    expect((await send("/wrong")).status).toBe(404);
    for (const name of ["runs", ".hidden", "a%2Fb", "a b", "x".repeat(129)]) {
      await expectRefusal(send(`/${name}`, { method: "PUT", headers: TEXT }), 400, "invalid_input", /name/);
    }
    await make("there", "x");
    await expectRefusal(append("there", new Uint8Array(1), {}), 400, "invalid_input", /Content-Type/);
    await expectRefusal(append("there", ""), 400, "invalid_input", /nothing/);
    await expectRefusal(append("there", "{}", JSON_TYPE), 409, "conflict", /Content-Type/);
    await expectRefusal(append("there", "y", { ...TEXT, "Producer-Id": "a" }), 400, "", /together/);
    await expectRefusal(append("there", "y", { ...TEXT, "Stream-Seq": "9".repeat(257) }), 400, "invalid_input");
    for (const query of [
      "offset=",
      "offset=abc",
      "offset=-2",
      "offset=-1&offset=now",
      "live=sse",
      "offset=-1&live=push",
    ]) {
      await expectRefusal(send(`/there?${query}`), 400, "invalid_input");
    }
    await expectRefusal(send("/there?offset=0000000000000009"), 400, "invalid_input", /this stream/);
    expect(await (await send("/there")).text()).toBe("x");
  });

  test("keeps its limits: bytes of a body, of a stream, streams of a project, readers", async () => {
    const { send, make, append } = await createStreamClient();
    const small = { STREAM_BODY_MAX_BYTES: "10" };
    const put = (settings: object) =>
      send("/big", { method: "PUT", headers: TEXT, body: "x".repeat(11), settings: { ...settings } });
    await expectRefusal(put(small), 413, "request_too_large");
    await expectRefusal(put({ STREAM_MAX_BYTES: "1000" }), 413, "request_too_large", /full/);
    expect((await send("/big")).status).toBe(404);
    await make("one");
    const post = { method: "POST", headers: TEXT, body: "x".repeat(11) };
    await expectRefusal(send("/one", { ...post, settings: small }), 413, "request_too_large");
    await expectRefusal(
      send("/one", { ...post, settings: { STREAM_MAX_BYTES: "1000" } }),
      413,
      "request_too_large",
      /full/,
    );
    expect(await (await send("/one")).text()).toBe("");
    await expectRefusal(put({ STREAMS_PER_PROJECT: "1" }), 429, "stream_capacity_exceeded");
    const again = await send("/one", { method: "PUT", headers: TEXT, settings: { STREAMS_PER_PROJECT: "1" } });
    expect(again.status).toBe(200);
    const events = new ProtocolEvents(await send("/one?offset=-1&live=sse"));
    await events.next();
    const full = await send("/one?offset=-1&live=sse", { settings: { RUN_STREAM_MAX_READERS: "1" } });
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "15"]);
    await append("one", "x");
    expect((await events.next())?.data).toBe("x");
    await events.leave();
  });

  test("takes a numbered batch once, in its order, also after the end", async () => {
    const { send, make, append } = await createStreamClient();
    await make("numbered");
    expect(await statusOf(append("numbered", "a", NUMBERED(0)))).toBe(200);
    expect(await statusOf(append("numbered", "a", NUMBERED(0)))).toBe(204);
    const gap = await append("numbered", "c", NUMBERED(2));
    expect([gap.status, gap.headers.get("producer-expected-seq"), gap.headers.get("producer-received-seq")]).toEqual([
      409,
      "1",
      "2",
    ]);
    await expectRefusal(append("numbered", "b", NUMBERED(1, 1)), 400, "invalid_input", /epoch/);
    // One that is refused for another reason has not used up its number.
    await append("numbered", "-", { ...TEXT, "Stream-Seq": "5" });
    await expectRefusal(append("numbered", "b", { ...NUMBERED(1), "Stream-Seq": "4" }), 409, "conflict", /Stream-Seq/);
    expect(await statusOf(append("numbered", "b", { ...NUMBERED(1), "Stream-Seq": "6" }))).toBe(200);
    const last = await append("numbered", "z", { ...NUMBERED(0, 1), ...CLOSES });
    expect([last.status, last.headers.get("stream-closed")]).toEqual([200, "true"]);
    const repeated = await append("numbered", "z", { ...NUMBERED(0, 1), ...CLOSES });
    expect([repeated.status, repeated.headers.get("stream-closed"), repeated.headers.get("producer-seq")]).toEqual([
      204,
      "true",
      "0",
    ]);
    const stale = await append("numbered", "y", NUMBERED(2));
    expect([stale.status, stale.headers.get("producer-epoch")]).toEqual([403, "1"]);
    const late = await append("numbered", "y");
    expect([late.status, late.headers.get("stream-closed"), late.headers.get("stream-next-offset")]).toEqual([
      409,
      "true",
      "0000000000000004",
    ]);
    expect(await (await send("/numbered")).text()).toBe("a-bz");
  });

  test("is not read again by who has it", async () => {
    const { send, make, append } = await createStreamClient();
    await make("tagged", "a");
    const etag = (await send("/tagged")).headers.get("etag") ?? "";
    const again = () => send("/tagged", { headers: { "If-None-Match": `"other", ${etag}` } });
    const known = await again();
    expect([known.status, known.headers.get("etag")]).toEqual([304, etag]);
    await append("tagged", "b");
    expect(await (await again()).text()).toBe("ab");
    const grown = (await send("/tagged")).headers.get("etag");
    await send("/tagged", { method: "POST", headers: CLOSES });
    expect((await send("/tagged")).headers.get("etag")).not.toBe(grown);
    expect((await send("/tagged?offset=now")).headers.has("etag")).toBe(false);
  });
});

describe("who follows a stream", () => {
  test("gets what comes by server-sent events, each with the place behind it, until the end", async () => {
    const { send, make, append } = await createStreamClient();
    await make("live", " a\r\nb", TEXT);
    const events = new ProtocolEvents(await send("/live?offset=-1&live=sse"));
    expect(await events.next()).toEqual({ event: "data", data: "  a\nb" });
    const place = JSON.parse((await events.next())?.data ?? "");
    expect(place).toEqual({ streamNextOffset: "0000000000000001", streamCursor: expect.any(String), upToDate: true });
    await append("live", "last", { ...TEXT, ...CLOSES });
    const [data, ...controls] = await events.rest();
    expect(data).toEqual({ event: "data", data: "last" });
    expect(JSON.parse(controls.at(-1)?.data ?? "")).toEqual({
      streamNextOffset: "0000000000000002",
      streamClosed: true,
    });
  });

  test("is told that the connection is alive, and connects again after a while", async () => {
    const { send, make } = await createStreamClient();
    await make("quiet");
    const settings = { RUN_STREAM_KEEPALIVE_SECONDS: "1", STREAM_ROTATE_SECONDS: "2" };
    const events = await new ProtocolEvents(await send("/quiet?offset=now&live=sse", { settings })).rest();
    expect(events.length).toBeGreaterThan(1);
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(["control"]));
  });

  test("gets it by long poll: at once what is there, what comes when it comes, else 204", async () => {
    const { send, make, append } = await createStreamClient();
    await make("poll", "1", JSON_TYPE);
    const settings = { STREAM_LONG_POLL_SECONDS: "1" };
    const there = await send("/poll?offset=-1&live=long-poll", { settings });
    expect([there.status, await there.text()]).toEqual([200, "[1]"]);
    const cursor = there.headers.get("stream-cursor") ?? "";
    const offset = there.headers.get("stream-next-offset") ?? "";
    const silent = await send(`/poll?offset=${offset}&live=long-poll&cursor=${cursor}`, { settings });
    expect([silent.status, silent.headers.get("stream-up-to-date")]).toEqual([204, "true"]);
    expect(Number(silent.headers.get("stream-cursor"))).toBeGreaterThan(Number(cursor));
    const waiting = send(`/poll?offset=${offset}&live=long-poll`);
    await append("poll", "2", { ...JSON_TYPE, ...CLOSES });
    const came = await waiting;
    expect([came.status, await came.text(), came.headers.get("stream-closed")]).toEqual([200, "[2]", "true"]);
    const through = await send("/poll?offset=now&live=long-poll");
    expect([through.status, through.headers.get("stream-closed")]).toEqual([204, "true"]);
  });
});

test("a project's streams are listed, newest first, and nobody else's", async () => {
  const [{ send, make }, other] = [await createStreamClient(), await createStreamClient()];
  await other.make("theirs");
  const expiry = new Date(Date.now() + 3_600_000).toISOString();
  await make("old", undefined, { ...JSON_TYPE, "Stream-TTL": "60" });
  await make("new", undefined, { ...TEXT, "Stream-Expires-At": expiry });
  await send("/old", { method: "POST", headers: CLOSES });
  const list = async (query = "") =>
    (await send(query)).json<{ count: number; next: string | null; results: { name: string }[] }>();
  expect((await list()).results).toMatchObject([
    { name: "new", content_type: "text/plain", ttl_seconds: null, expires_at: expiry, closed: false },
    { name: "old", content_type: "application/json", ttl_seconds: 60, expires_at: null, closed: true },
  ]);
  const page = await list("?limit=1");
  expect([page.count, page.results.map(({ name }) => name), page.next]).toEqual([
    2,
    ["new"],
    expect.stringContaining("offset=1"),
  ]);
  await send("/new", { method: "DELETE" });
  expect((await list()).results.map(({ name }) => name)).toEqual(["old"]);
  const theirs = `/api/projects/${other.number}/v1/stream`;
  const key = await other.makeKey(["task:read"]);
  for (const path of ["", "/theirs"]) {
    const { adminKey } = await createStreamClient();
    const foreign = call(`${theirs}${path}`, { headers: { Authorization: `Bearer ${adminKey}` } });
    await expectRefusal(foreign, 404, "not_found");
    expect((await call(`${theirs}${path}`, { headers: { Authorization: `Bearer ${key}` } })).status).toBe(200);
  }
});

describe("a run", () => {
  test("is a closed JSON stream in the end, with the offsets of its own stream, and takes nothing", async () => {
    const client = await createRunClient();
    const path = `/api/projects/@current/v1/stream/runs/${client.runId}`;
    const send = (query = "", method = "GET") =>
      call(`${path}${query}`, { method, headers: { Authorization: `Bearer ${client.adminKey}` } });
    await client.append({ n: 1 });
    const read = await send("?offset=-1");
    expect(read.headers.get("content-type")).toBe("application/json");
    expect(await read.json()).toMatchObject([{ type: "task_run_state" }, { n: 1 }]);
    const events = new ProtocolEvents(await send(`?offset=${read.headers.get("stream-next-offset")}&live=sse`));
    expect(JSON.parse((await events.next())?.data ?? "")).toMatchObject({ upToDate: true });
    await client.append({ n: 2 });
    expect(await events.next()).toEqual({ event: "data", data: '[{"n":2}]' });
    await client.patch({ status: "completed" });
    expect(JSON.parse((await events.rest()).at(-1)?.data ?? "")).toMatchObject({ streamClosed: true });
    const head = await send("", "HEAD");
    expect([head.headers.get("stream-next-offset"), head.headers.get("stream-closed")]).toEqual([
      "0000000000000004",
      "true",
    ]);
    for (const method of ["PUT", "POST", "DELETE"]) {
      const refused = await send("", method);
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
    await expectRefusal(send("?offset=0000000000000099"), 400, "invalid_input");
    const stranger = await createRunClient();
    const foreign = call(path, { headers: { Authorization: `Bearer ${stranger.adminKey}` } });
    await expectRefusal(foreign, 404, "not_found");
    await expectRefusal(
      call(path.replace(client.runId, "none"), { headers: { Authorization: `Bearer ${client.adminKey}` } }),
      404,
      "not_found",
    );
  });
});
