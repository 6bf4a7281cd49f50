/**
 * A strong way to serve a run's stream from Redis: `node redis-streams.ts <port of Redis> [key]`. With a key it has the duties
 * that ours has: each request's key is looked up in Redis by its digest, and each entry has to be an object of JSON. An append is one transaction of
 * XADDs, which is twice as fast as without MULTI and as atomic as ours; its answer comes with that of Redis, which under
 * `appendfsync always` is when all is on disk. Each stream that is followed has one XREAD for all its live subscribers, who
 * get the same bytes; who comes with a past reads it by XRANGE first and joins at the end.
 */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type Argument, RedisConnection, type Reply } from "./redis-connection.ts";

/** Entries that are read from Redis at a time. */
const COUNT = "1000";
/** Milliseconds that an XREAD waits. */
const BLOCK = "5000";
const NEWLINE = 0x0a;
/** Bytes unsent at which a subscriber leaves the live ones, and reads at its own pace until it is at the end again. */
const UNSENT_BYTES = 1_000_000;

const [ID, DATA, END] = [Buffer.from("id: "), Buffer.from("\ndata: "), Buffer.from("\n\n")];

const redisPort = Number(process.argv[2]);
/** The one key that opens the server; without it nothing is checked. */
const key = process.argv[3];
const commands = new RedisConnection(redisPort);
if (key !== undefined) await commands.send(["SET", keyName(`Bearer ${key}`), "bench"]);

/** A stream that is followed: how far its XREAD is, and who gets what it brings, each with the id it came with. */
interface Feed {
  last: string;
  readonly subscribers: Map<ServerResponse, string>;
}

const feeds = new Map<string, Feed>();

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`ready ${address?.port}`);
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname: stream, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
  if (!(await isAdmitted(request))) {
    response.writeHead(401).end();
    return;
  }
  if (request.method === "POST") return append(stream, request, response);
  if (request.method === "DELETE") {
    await commands.send(["DEL", stream]);
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  await follow(stream, searchParams.get("after") ?? "$", response);
}

/** Under what a key is kept: its digest, as ours keeps it. */
function keyName(authorization: string): string {
  return `key:${createHash("sha256").update(authorization).digest("hex")}`;
}

async function isAdmitted({ headers }: IncomingMessage): Promise<boolean> {
  return key === undefined || (await commands.send(["GET", keyName(headers.authorization ?? "")])) !== null;
}

function isObject(entry: string): boolean {
  try {
    const value: unknown = JSON.parse(entry);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

async function append(stream: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const additions: Argument[][] = [];
  for (let start = 0; start < body.length;) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline === -1 ? body.length : newline;
    const entry = body.subarray(start, end);
    if (key !== undefined && !isObject(entry.toString())) {
      response.writeHead(400).end();
      return;
    }
    additions.push(["XADD", stream, "*", "e", entry]);
    start = end + 1;
  }
  const replies = await commands.sendAll(additions.length === 1 ? additions : [["MULTI"], ...additions, ["EXEC"]]);
  const last = replies.at(-1);
  const id = Array.isArray(last) ? last.at(-1) : last;
  response.writeHead(200, { "Last-Id": textOf(id), "Content-Length": "0" }).end();
}

/** Sends what lies behind `after`, then joins those who follow live. */
async function follow(stream: string, after: string, response: ServerResponse): Promise<void> {
  let from = after === "$" ? await lastId(stream) : after;
  while (!response.destroyed) {
    const entries = await commands.send(["XRANGE", stream, `(${from}`, "+", "COUNT", COUNT]);
    const last = lastOf(entries);
    if (last === undefined) break;
    from = last;
    if (!response.write(encode(entries))) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  join(stream, from, response);
}

function join(stream: string, from: string, response: ServerResponse): void {
  const feed = feeds.get(stream);
  if (feed !== undefined && isLater(feed.last, from)) {
    void follow(stream, from, response);
  } else if (feed !== undefined) {
    feed.subscribers.set(response, from);
  } else {
    const begun: Feed = { last: from, subscribers: new Map([[response, from]]) };
    feeds.set(stream, begun);
    void feedLive(stream, begun);
  }
}

/** Reads a stream as it grows, for as long as somebody follows it. */
async function feedLive(stream: string, feed: Feed): Promise<void> {
  const connection = new RedisConnection(redisPort);
  while (feed.subscribers.size > 0) {
    const answer = await connection.send(["XREAD", "COUNT", COUNT, "BLOCK", BLOCK, "STREAMS", stream, feed.last]);
    for (const response of feed.subscribers.keys()) if (response.destroyed) feed.subscribers.delete(response);
    if (answer === null) continue;
    const entries = entriesOf(answer);
    feed.last = lastOf(entries) ?? feed.last;
    broadcast(stream, feed, entries);
  }
  feeds.delete(stream);
  connection.close();
}

function broadcast(stream: string, feed: Feed, entries: Reply): void {
  const frame = encode(entries);
  const first = idOf(entries, 0);
  for (const [response, from] of feed.subscribers) {
    // Who has come with more than the feed had gets what is new to it.
    response.write(isLater(first, from) ? frame : encode(entries, from));
    if (response.writableLength < UNSENT_BYTES) continue;
    feed.subscribers.delete(response);
    const { last } = feed;
    response.once("drain", () => void follow(stream, last, response));
  }
}

/** Entries as Redis answers with them: each its id and its fields, here one. */
function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function textOf(reply: Reply | undefined): string {
  if (!(reply instanceof Buffer)) throw new Error(`Redis answered ${String(reply)}`);
  return reply.toString("latin1");
}

/** The entries of the one stream that an XREAD asks for. */
function entriesOf(answer: Reply): Reply {
  return listOf(listOf(answer)[0])[1] ?? [];
}

function idOf(entries: Reply, index: number): string {
  return textOf(listOf(listOf(entries).at(index))[0]);
}

function lastOf(entries: Reply): string | undefined {
  return listOf(entries).length === 0 ? undefined : idOf(entries, -1);
}

async function lastId(stream: string): Promise<string> {
  return lastOf(await commands.send(["XREVRANGE", stream, "+", "-", "COUNT", "1"])) ?? "0-0";
}

/** Whether an id, milliseconds and a number among them, is later than another. */
function isLater(id: string, other: string): boolean {
  const [milliseconds = 0, number = 0] = id.split("-").map(Number);
  const [otherMilliseconds = 0, otherNumber = 0] = other.split("-").map(Number);
  return milliseconds > otherMilliseconds || (milliseconds === otherMilliseconds && number > otherNumber);
}

/** Entries as server-sent events, of those after `from` only where it is given. */
function encode(entries: Reply, from?: string): Buffer {
  const parts: Buffer[] = [];
  for (const entry of listOf(entries)) {
    const [id, fields] = listOf(entry);
    const [, body] = listOf(fields);
    if (!(id instanceof Buffer) || !(body instanceof Buffer)) continue;
    if (from !== undefined && !isLater(id.toString("latin1"), from)) continue;
    parts.push(ID, id, DATA, body, END);
  }
  return Buffer.concat(parts);
}
