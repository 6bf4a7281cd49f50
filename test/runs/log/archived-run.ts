import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { EventClient, inTime } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { objectOf, read, type RunClient, textOf } from "../run-client.ts";

/** Objects in R2 of a run's journal. */
export async function journalKeys({ runId }: RunClient): Promise<string[]> {
  const { objects } = await env.ARTIFACTS.list({ prefix: "tasks/logs/", limit: 1000 });
  const keys = objects.map(({ key }) => key).filter((key) => key.includes(`/run_${runId}/`));
  return keys.sort();
}

/** What the object itself says is in R2, and how many rows have their bodies in it. */
export function lookAtArchive({ runId }: RunClient): Promise<{ volumes: string[]; hot: number; stray: number }> {
  return runInDurableObject(objectOf(runId), (_, { storage: { sql } }) => ({
    volumes: sql
      .exec<{ key: string }>("SELECT key FROM volumes ORDER BY key")
      .toArray()
      .map(({ key }) => key),
    hot: sql.exec("SELECT 1 FROM journal WHERE volume = 0").toArray().length,
    stray: sql.exec("SELECT 1 FROM stray_objects").toArray().length,
  }));
}

/** Lets the time of every timer come: that of the archive, and those of readers, which would come before it. */
export async function makeTimersDue({ runId }: RunClient): Promise<void> {
  await runInDurableObject(objectOf(runId), (_, { storage: { sql } }) => {
    sql.exec("UPDATE timers SET due = min(due, ?)", Date.now());
  });
}

const HOUR_MS = 3_600_000;

/** Puts every timer off: else one that is due comes by itself as soon as a reader sets its own. */
export async function postponeTimers({ runId }: RunClient): Promise<void> {
  await runInDurableObject(objectOf(runId), async (_, { storage }) => {
    storage.sql.exec("UPDATE timers SET due = ?", Date.now() + HOUR_MS);
    await storage.setAlarm(Date.now() + HOUR_MS);
  });
}

/** What the runtime does when the alarm is due; it does that again after the object was lost meanwhile. */
export async function runAlarm(client: RunClient): Promise<void> {
  await makeTimersDue(client);
  await runInDurableObject(objectOf(client.runId), (run) => run.alarm());
}

/** Runs the alarm of a run that has ended until everything is archived. Returns how often that was. */
export async function archive(client: RunClient): Promise<number> {
  for (let steps = 1; ; steps += 1) {
    await runAlarm(client);
    if ((await lookAtArchive(client)).hot === 0) return steps;
    expect(steps).toBeLessThan(50);
  }
}

/** The bucket as the run's object has it, for tests that make it fail or wait. */
export function bucketOf({ runId }: RunClient): Promise<R2Bucket> {
  return runInDurableObject(objectOf(runId), (run) => Reflect.get(run, "env").ARTIFACTS);
}

const streamPath = ({ taskId, runId }: RunClient, query = "") =>
  `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream${query}`;
const keyOf = ({ adminKey }: RunClient) => ({ Authorization: `Bearer ${adminKey}` });

/** Opens the stream over WebSocket. */
export async function openSocket(client: RunClient, query = ""): Promise<WebSocket> {
  const { webSocket } = await call(streamPath(client, query), { headers: { ...keyOf(client), Upgrade: "websocket" } });
  if (!webSocket) throw new Error("No WebSocket");
  return webSocket;
}

/** All messages until the close, each acknowledged `acks` times, and the code of the close. */
export async function readSocket(socket: WebSocket, acks = 1): Promise<{ messages: string[]; code: number }> {
  const messages: string[] = [];
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.addEventListener("message", ({ data }) => {
    messages.push(String(data));
    const { type, offset } = JSON.parse(String(data));
    if (type !== "entries") return;
    for (let sent = 0; sent < acks && socket.readyState === WebSocket.OPEN; sent += 1) {
      socket.send(JSON.stringify({ type: "ack", offset }));
    }
  });
  socket.accept();
  return { code: await inTime(closed, "the close"), messages };
}

/** The texts of all entries in the messages of a WebSocket. */
export function entriesOf(messages: readonly string[]): unknown[] {
  return messages.flatMap((message) => JSON.parse(message).entries ?? []);
}

async function readPolls(client: RunClient): Promise<unknown[]> {
  const entries: unknown[] = [];
  let next = "0000000000000000";
  for (;;) {
    const path = streamPath(client, `?mode=long-poll&offset=${next}`);
    const answer: { entries: unknown[]; next: string; closed: boolean } = await read(
      call(path, { headers: keyOf(client) }),
    );
    entries.push(...answer.entries);
    next = answer.next;
    if (answer.closed) return entries;
  }
}

async function readPages(client: RunClient, query: string): Promise<string[]> {
  const pages: string[] = [];
  let offset = 0;
  for (;;) {
    const page = await client.onRun(`/session_logs?limit=40&offset=${offset}${query}`);
    const counts = ["X-Total-Count", "X-Filtered-Count", "X-Matching-Count"].map((name) => page.headers.get(name));
    pages.push(`${counts.join()} ${await page.text()}`);
    if (page.headers.get("X-Has-More") !== "true") return pages;
    offset += Number(counts[1]);
  }
}

const framesOf = async (client: RunClient, query = "") => {
  const stream = new EventClient(await client.onRun(`/stream${query}`));
  return (await stream.rest()).map(({ text }) => text);
};

/** Everything that can be read of a run that has ended, in every way in which it can be. */
export async function readEverything(client: RunClient): Promise<Record<string, unknown>> {
  const logs = await client.onRun("/logs");
  const linked = new URL((await client.readRun()).log_url ?? "");
  const { messages, code } = await readSocket(await openSocket(client));
  const entries = entriesOf(messages);
  const middle = `0000000000000000${Math.floor(entries.length / 2)}`.slice(-16);
  const events = await framesOf(client);
  return {
    headers: ["Content-Length", "ETag", "Content-Type", "Cache-Control"].map((name) => logs.headers.get(name)),
    logs: await textOf(logs),
    part: await textOf(client.onRun("/logs", { headers: { Range: "bytes=100000-700000" } })),
    end: await textOf(client.onRun("/logs", { headers: { Range: "bytes=-1000" } })),
    linked: await textOf(call(linked.pathname + linked.search)),
    pages: await readPages(client, ""),
    filtered: await readPages(client, "&event_types=even"),
    events,
    fromMiddle: await framesOf(client, `?offset=${middle}`),
    latest: await framesOf(client, "?start=latest"),
    entries,
    code,
    socketFromMiddle: entriesOf((await readSocket(await openSocket(client, `?offset=${middle}`))).messages),
    polls: await readPolls(client),
  };
}
