import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { runGrant } from "../../../src/runner/agent/run-grant.ts";
import { letLeasesEnd, startRunner } from "../../pool/runner-client.ts";
import { EventClient } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { createRunClient, objectOf, parseLines, read, type RunClient, textOf } from "../run-client.ts";
import { archive, entriesOf, openSocket, readSocket } from "../log/archived-run.ts";

/** Sends events as the run's agent does, from this number on. */
async function sendEvents(
  { taskId, runId }: RunClient,
  token: string,
  first: number,
  texts: readonly string[],
  isAll = false,
) {
  const lines = texts.map((text, index) => JSON.stringify({ seq: first + index, event: { type: "said", text } }));
  const answer = await call(`/api/projects/@current/tasks/${taskId}/runs/${runId}/event_stream/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/x-ndjson" },
    body: [
      ...lines,
      ...(isAll ? [JSON.stringify({ type: "_posthog/stream_complete", final_seq: first + texts.length - 1 })] : []),
    ]
      .map((line) => `${line}\n`)
      .join(""),
  });
  expect(await answer.text()).toContain(`"last_accepted_seq":${first + texts.length - 1}`);
  expect(answer.status).toBe(200);
}

/** A run whose first runner has vanished after two lines, and whose second one has ended it after two others. */
async function createRetriedRun(): Promise<RunClient> {
  const client = await createRunClient();
  const first = await startRunner(client);
  await read(client.onRun("/start/", { json: {} }));
  const one = await first.work();
  await client.patch({ status: "in_progress" });
  await sendEvents(client, runGrant.parse(one.details).event_token, 1, ["a", "b"]);
  first.leave();
  await letLeasesEnd(client);
  const second = await startRunner(client);
  const two = await second.work();
  expect(two.details).toMatchObject({ attempt: 2, run: { state: { attempt: 2 } } });
  await client.patch({ status: "in_progress", state: { attempt: 7 } });
  await sendEvents(client, runGrant.parse(two.details).event_token, 3, ["c", "d"], true);
  await client.patch({ status: "completed" });
  second.send({ type: "done", work_id: two.work_id });
  return client;
}

/** What an entry says: an event's text, the attempt that begins, or the status of the run. */
const said = (entry: Record<string, unknown>): unknown => {
  const { notification } = entry as { notification?: { params: { attempt: number } } };
  return entry["text"] ?? notification?.params.attempt ?? entry["status"];
};

async function eventsOf(client: RunClient, query: string): Promise<Record<string, unknown>[]> {
  const frames = await new EventClient(await client.onRun(`/stream${query}`)).rest();
  return frames.map(({ text }) =>
    JSON.parse(
      text
        .split("\n")
        .find((line) => line.startsWith("data: "))
        ?.slice(6) ?? "{}",
    ),
  );
}

const BOUNDARY = {
  type: "notification",
  timestamp: expect.any(String),
  notification: {
    jsonrpc: "2.0",
    method: "_taskyard/attempt",
    params: { attempt: 2, previous: { attempt: 1, end: "lost", reason: "The runner test has vanished" } },
  },
};

describe("a run whose first runner was lost", () => {
  let client: RunClient;

  beforeAll(async () => {
    client = await createRetriedRun();
  });

  const log = async (query = "") => parseLines(await textOf(client.onRun(`/logs${query}`)));
  const page = (query: string) => read<Record<string, unknown>[]>(client.onRun(`/session_logs${query}`));

  const expectParts = async () => {
    expect((await log()).map(said)).toEqual(["a", "b", 2, "c", "d"]);
    expect((await log("?attempt=1")).map(said)).toEqual(["a", "b"]);
    expect(await log("?attempt=2")).toEqual([BOUNDARY, { type: "said", text: "c" }, { type: "said", text: "d" }]);
    expect((await page("?attempt=1")).map(said)).toEqual(["a", "b"]);
    expect((await page("?attempt=2&limit=2")).map(said)).toEqual([2, "c"]);
    expect((await page("?attempt=2&limit=2&offset=2")).map(said)).toEqual(["d"]);
    expect((await page("?attempt=2&event_types=_taskyard/attempt")).map(said)).toEqual([2]);
    expect(await page("?attempt=1&event_types=_taskyard/attempt")).toEqual([]);
  };

  test("says in its state which attempt it was", async () => {
    expect(await client.readRun()).toMatchObject({ status: "completed", state: { attempt: 2 } });
  });

  test("has an entry between its attempts, and each of them alone for who asks", async () => {
    await expectParts();
    const part = await client.onRun("/logs?attempt=2", { headers: { Range: "bytes=-24" } });
    expect(part.status).toBe(206);
    expect(await textOf(part)).toBe('{"type":"said","text":"d"}\n'.slice(-24));
    const counts = (await client.onRun("/session_logs?attempt=2&limit=1")).headers;
    expect([counts.get("X-Total-Count"), counts.get("X-Has-More")]).toEqual(["3", "true"]);
  });

  test("streams each attempt alone, however it is followed", async () => {
    const first = (await eventsOf(client, "?attempt=1")).map(said);
    expect(first).toContain("b");
    expect(first).not.toContain("c");
    expect(first).not.toContain("completed");
    const second = (await eventsOf(client, "?attempt=2")).map(said);
    expect(second.filter((text) => text !== undefined)).toEqual(
      expect.arrayContaining([2, "c", "d", "queued", "in_progress"]),
    );
    expect(second).not.toContain("b");
    const sockets = await Promise.all(
      [1, 2].map(async (attempt) =>
        entriesOf((await readSocket(await openSocket(client, `?attempt=${attempt}`))).messages),
      ),
    );
    const [one, two] = sockets.map((entries) => entries.map((entry) => said(Object(entry))));
    expect(one).toEqual(first.filter((text) => text !== "complete"));
    expect(two).toContain("d");
    expect(two).not.toContain("b");
    const polled: object[] = [];
    for (let answer = { entries: [], next: "", closed: false }; !answer.closed;) {
      answer = await read(client.onRun(`/stream?attempt=1&mode=long-poll&offset=${answer.next}`));
      polled.push(...answer.entries);
    }
    expect(polled.map((entry) => said(Object(entry)))).toEqual(one);
  });

  test("has no third attempt, and refuses what is no number", async () => {
    for (const path of ["/logs", "/session_logs", "/stream"]) {
      expect((await client.onRun(`${path}?attempt=3`)).status).toBe(404);
      expect((await client.onRun(`${path}?attempt=0`)).status).toBe(400);
      expect((await client.onRun(`${path}?attempt=two`)).status).toBe(400);
    }
  });

  test("is the same when it is archived", async () => {
    await archive(client);
    await expectParts();
  });
});

describe("a run that waits in the queue", () => {
  test("says in its log what it waits for, once", async () => {
    const client = await createRunClient();
    await read(client.onRun("/start/", { json: {} }));
    await expect.poll(async () => (await env.RUNNERS.getByName(client.id).describe()).queued).toBe(1);
    const wait = () =>
      runInDurableObject(objectOf(client.runId), async (run, { storage }) => {
        storage.sql.exec("UPDATE timers SET due = 0 WHERE name = 'waiting'");
        await run.alarm();
      });
    await wait();
    await wait();
    const lines = parseLines(await client.logs());
    expect(lines).toMatchObject([{ notification: { method: "_posthog/console", params: { level: "info" } } }]);
    expect(JSON.stringify(lines)).toContain("Waits for a runner. No runner has ever connected.");
  });
});
