import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callConfigured } from "../../configured.ts";
import { inTime } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { createRunClient, expectNotFound, loseObject, read, type RunClient } from "../run-client.ts";

interface Poll {
  entries: Record<string, unknown>[];
  next: string;
  upToDate: boolean;
  closed: boolean;
  resync?: boolean;
}

function request({ taskId, runId, adminKey }: RunClient, query: string): [string, RequestInit] {
  const path = `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream?mode=long-poll${query}`;
  return [path, { headers: { Authorization: `Bearer ${adminKey}` } }];
}

const after = (next: string | undefined) => (next === undefined ? "" : `&offset=${next}`);
const poll = (client: RunClient, next?: string) =>
  inTime(read<Poll>(call(...request(client, after(next)))), "an answer");

describe("a run's stream by long poll", () => {
  test("answers with what is there, byte for byte", async () => {
    const client = await createRunClient();
    await client.appendText('{"entries": [{"z": 1.0, "a": "\\u00e9", "z": 1e5}, {}]}');
    const answer = await call(...request(client, "&offset=0000000000000001"));
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    expect(await answer.text()).toBe(
      '{"entries":[{"z": 1.0, "a": "\\u00e9", "z": 1e5},{}],"next":"0000000000000003","upToDate":true,"closed":false}',
    );
  });

  test("waits for what comes, and says when nothing does", async () => {
    const client = await createRunClient();
    const { next } = await poll(client);
    const waiting = poll(client, next);
    await client.append({ n: 1 });
    expect(await waiting).toEqual({ entries: [{ n: 1 }], next: "0000000000000002", upToDate: true, closed: false });
    const short = callConfigured({ RUN_STREAM_KEEPALIVE_SECONDS: "1" }, ...request(client, "&offset=0000000000000002"));
    expect(await read(short)).toEqual({ entries: [], next: "0000000000000002", upToDate: true, closed: false });
  });

  test("says when the stream is through, also to who waits", async () => {
    const client = await createRunClient();
    const { next } = await poll(client);
    const waiting = poll(client, next);
    await client.patch({ status: "cancelled" });
    expect(await waiting).toMatchObject({ entries: [{ status: "cancelled" }], next: "0000000000000002", closed: true });
    expect(await poll(client, "0000000000000002")).toEqual({
      entries: [],
      next: "0000000000000002",
      upToDate: true,
      closed: true,
    });
  });

  test("answers an unknown offset with where to begin anew", async () => {
    const client = await createRunClient();
    const lost = await poll(client, "0000000000000009");
    expect(lost).toEqual({ entries: [], next: "0000000000000000", upToDate: false, closed: false, resync: true });
    expect((await poll(client, lost.next)).entries).toHaveLength(1);
  });

  test("counts among the run's readers, and is for its own organization alone", async () => {
    const [client, stranger] = [await createRunClient(), await createRunClient()];
    const waiting = poll(client, (await poll(client)).next);
    const settings = { RUN_STREAM_MAX_READERS: "1" };
    const open = async () => (await callConfigured(settings, ...request(client, ""))).status;
    await expect.poll(open).toBe(503);
    await client.append({ n: 1 });
    await waiting;
    expect(await open()).toBe(200);
    await expectNotFound(call(...request({ ...client, adminKey: stranger.adminKey }, "")));
  });

  test("gives each entry once and in order, also when there is much and the object is lost in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ count: fc.integer({ min: 1, max: 60 }), isLost: fc.boolean() }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (batches) => {
          const client = await createRunClient();
          const text = "x".repeat(9_000);
          const seen: Record<string, unknown>[] = [];
          let [appended, next]: [number, string | undefined] = [0, undefined];
          for (const { count, isLost } of batches) {
            const entries = Array.from({ length: count }, (_, index) => ({ n: appended + index, text }));
            await client.append(...entries);
            appended += count;
            if (isLost) await loseObject(client.runId);
            const answer: Poll = await poll(client, next);
            seen.push(...answer.entries);
            next = answer.next;
          }
          await client.patch({ status: "completed" });
          for (let isOpen = true; isOpen;) {
            const answer: Poll = await poll(client, next);
            seen.push(...answer.entries);
            next = answer.next;
            isOpen = !answer.closed;
          }
          expect(seen.filter(({ n }) => n !== undefined).map(({ n }) => n)).toEqual(
            Array.from({ length: appended }, (_, n) => n),
          );
          expect(seen).toHaveLength(appended + 2);
        },
      ),
      { numRuns: 8 },
    );
  });
});
