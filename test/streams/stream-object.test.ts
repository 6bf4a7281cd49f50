import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test, vi } from "vitest";
import { lookupOf } from "../../src/auth/api-keys.ts";
import { connect } from "../../src/db/client.ts";
import { apiKeys } from "../../src/db/schema.ts";
import { inTime } from "../stream/event-client.ts";
import {
  createStreamClient,
  JSON_TYPE,
  loseStream,
  ProtocolEvents,
  runStreamAlarm,
  type StreamClient,
  TEXT,
} from "./stream-client.ts";

const CLOSES = { "Stream-Closed": "true" };

/** The keys in the bucket of all that a stream has there. */
async function volumesOf({ number }: StreamClient): Promise<string[]> {
  const { objects } = await env.ARTIFACTS.list({ prefix: `streams/team_${number}/` });
  return objects.map(({ key }) => key);
}

/** Names of the tables that the object has. */
const tablesOf = ({ objectOf }: StreamClient, name: string) =>
  runInDurableObject(objectOf(name), (_, { storage: { sql } }) =>
    sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray(),
  );

/** Puts back when the stream was last touched. */
async function age({ objectOf }: StreamClient, name: string, seconds: number): Promise<void> {
  await runInDurableObject(objectOf(name), (_, { storage: { sql } }) => {
    sql.exec("UPDATE stream SET record = json_set(record, '$.touchedAt', ?)", Date.now() - seconds * 1000);
  });
  await loseStream(objectOf(name));
}

test("a stream goes on where it was after its object was lost: entries, producers, order, end", async () => {
  const client = await createStreamClient();
  const { send, make, append, objectOf } = client;
  const numbered = { ...TEXT, "Producer-Id": "p", "Producer-Epoch": "0", "Producer-Seq": "0", "Stream-Seq": "5" };
  await make("kept");
  await append("kept", "a", numbered);
  await loseStream(objectOf("kept"));
  expect((await append("kept", "a", numbered)).status).toBe(204);
  expect((await append("kept", "b", { ...TEXT, "Stream-Seq": "5" })).status).toBe(409);
  expect((await append("kept", "b", { ...TEXT, ...CLOSES })).status).toBe(204);
  await evictDurableObject(objectOf("kept"));
  const read = await send("/kept");
  expect([await read.text(), read.headers.get("stream-closed")]).toEqual(["ab", "true"]);
  expect((await append("kept", "c")).status).toBe(409);
});

test("a closed stream moves to the bucket, and is read from there in every way", async () => {
  const client = await createStreamClient();
  const { send, make, append, objectOf } = client;
  await make("bytes", "a");
  for (const part of ["b\n", "\nc", "d"]) await append("bytes", part);
  await send("/bytes", { method: "POST", headers: CLOSES });
  await make("json", "[1,2]", { ...JSON_TYPE, ...CLOSES });
  for (const name of ["bytes", "json"]) {
    await runStreamAlarm(objectOf(name));
    await loseStream(objectOf(name));
  }
  expect(await volumesOf(client)).toHaveLength(2);
  expect(await (await send("/bytes")).text()).toBe("ab\n\ncd");
  expect(await (await send("/bytes?offset=0000000000000002")).text()).toBe("\ncd");
  expect(await (await send("/json?offset=0000000000000001&live=long-poll")).text()).toBe("[2]");
  const [data] = await new ProtocolEvents(await send("/bytes?offset=0000000000000001&live=sse")).rest();
  expect(data).toEqual({ event: "data", data: "b\n\ncd" });
});

test("a stream that is deleted leaves nothing anywhere, ends its readers, and its name is free", async () => {
  const client = await createStreamClient();
  const { send, make, objectOf } = client;
  await make("gone", "[1]", { ...JSON_TYPE, ...CLOSES });
  await runStreamAlarm(objectOf("gone"));
  expect(await volumesOf(client)).toHaveLength(1);
  expect((await send("/gone", { method: "DELETE" })).status).toBe(204);
  expect([await volumesOf(client), await tablesOf(client, "gone")]).toEqual([[], []]);
  expect(await (await send("")).json()).toMatchObject({ count: 0 });
  expect((await send("/gone", { method: "DELETE" })).status).toBe(404);

  await make("gone", "new");
  expect(await (await send("/gone")).text()).toBe("new");
  const events = new ProtocolEvents(await send("/gone?offset=now&live=sse"));
  await events.next();
  const poll = send("/gone?offset=now&live=long-poll");
  await send("/gone", { method: "DELETE" });
  expect(await events.rest()).toEqual([]);
  expect((await inTime(poll, "the end of the poll")).status).toBe(404);
});

test("what the bucket and the database refuse to forget is tried again", async () => {
  const client = await createStreamClient();
  const { send, make, objectOf } = client;
  await make("stuck", "[1]", { ...JSON_TYPE, ...CLOSES });
  await runStreamAlarm(objectOf("stuck"));
  const bucket: R2Bucket = await runInDurableObject(
    objectOf("stuck"),
    (stream) => Reflect.get(stream, "env").ARTIFACTS,
  );
  const failing = vi.spyOn(bucket, "delete").mockRejectedValue(new Error("bucket"));
  expect((await send("/stuck", { method: "DELETE" })).status).toBe(204);
  expect((await send("/stuck")).status).toBe(404);
  expect(await volumesOf(client)).toHaveLength(1);
  // The name is free already, and what is left of the old stream is not in the way of the new one.
  await make("stuck", "[2]", JSON_TYPE);
  failing.mockRestore();
  await runStreamAlarm(objectOf("stuck"));
  expect(await volumesOf(client)).toEqual([]);
  expect(await (await send("/stuck")).text()).toBe("[2]");
});

test("a stream is removed when its time is over: after its last use, or in any case", async () => {
  const client = await createStreamClient();
  const { send, make, append, objectOf } = client;
  await make("idle", "x", { ...TEXT, "Stream-TTL": "60" });
  const head = await send("/idle", { method: "HEAD" });
  expect(head.headers.get("stream-ttl")).toBe("60");
  await age(client, "idle", 59);
  expect(await (await send("/idle")).text()).toBe("x");
  await age(client, "idle", 59);
  expect((await append("idle", "y")).status).toBe(204);
  await runStreamAlarm(objectOf("idle"));
  expect((await send("/idle", { method: "HEAD" })).status).toBe(200);
  await age(client, "idle", 61);
  for (const method of ["HEAD", "GET", "POST", "DELETE"]) expect((await send("/idle", { method })).status).toBe(404);
  await runStreamAlarm(objectOf("idle"));
  expect(await tablesOf(client, "idle")).toEqual([]);
  expect(await (await send("")).json()).toMatchObject({ count: 0 });

  await make("idle", "z", { ...TEXT, "Stream-TTL": "60" });
  await age(client, "idle", 61);
  await make("idle", "another", { ...TEXT, "Stream-TTL": "5" });
  expect(await (await send("/idle")).text()).toBe("another");
});

test("a stream that somebody follows stays until nobody does", async () => {
  const client = await createStreamClient();
  const { send, make, append, objectOf } = client;
  await make("followed", undefined, { ...TEXT, "Stream-TTL": "1" });
  const events = new ProtocolEvents(await send("/followed?offset=now&live=sse"));
  await events.next();
  // The object itself decides when its time is over: so much has to pass.
  await scheduler.wait(1_100);
  await runStreamAlarm(objectOf("followed"));
  expect((await append("followed", "still")).status).toBe(204);
  expect((await events.next())?.data).toBe("still");
  await events.leave();
});

test("readers end within 10 seconds of their key's end", async () => {
  const client = await createStreamClient();
  const { send, make, makeKey, objectOf } = client;
  await make("read");
  const key = await makeKey(["task:read"]);
  const events = new ProtocolEvents(await send("/read?offset=now&live=sse", { key }));
  await events.next();
  const poll = send("/read?offset=now&live=long-poll", { key });
  const kept = new ProtocolEvents(await send("/read?offset=now&live=sse"));
  await kept.next();
  const ended = { revokedAt: new Date() };
  await connect(env.DB)
    .update(apiKeys)
    .set(ended)
    .where(eq(apiKeys.lookup, lookupOf(key) ?? ""));
  await runStreamAlarm(objectOf("read"));
  expect(await events.rest()).toEqual([]);
  expect((await inTime(poll, "the end of the poll")).status).toBe(401);
  await client.append("read", "on");
  expect((await kept.next())?.data).toBe("on");
  await kept.leave();
});
