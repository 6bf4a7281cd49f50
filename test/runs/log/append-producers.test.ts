import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Run } from "../../../src/runs/object/run-object.ts";
import { createRunClient, objectOf, parseLines, type RunClient } from "../run-client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the object itself does, for faults before and after it. */
const appendLog: (this: Run, ...call: Parameters<Run["appendLog"]>) => ReturnType<Run["appendLog"]> = Reflect.get(
  Run.prototype,
  "appendLog",
);

const numbered = (id: string, epoch: number | string, seq: number | string) => ({
  "Producer-Id": id,
  "Producer-Epoch": String(epoch),
  "Producer-Seq": String(seq),
});

/** Sends one entry as a producer's batch. */
const send = (client: RunClient, entry: object, headers: Record<string, string>) =>
  client.appendText(JSON.stringify({ entries: [entry] }), headers);

describe("append_log of a producer", () => {
  test("stores a batch once, however often it is sent, and says so", async () => {
    const client = await createRunClient();
    for (const duplicate of ["false", "true", "true"]) {
      const answer = await send(client, { a: 1 }, numbered("p", 0, 0));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Producer-Duplicate")).toBe(duplicate);
      expect(await answer.json()).toMatchObject({ id: client.runId });
    }
    expect((await send(client, { b: 2 }, {})).headers.get("Producer-Duplicate")).toBeNull();
    expect(await client.logs()).toBe('{"a":1}\n{"b":2}\n');
  });

  test("stores it once when the answer was lost after the commit, and the object with it", async () => {
    const client = await createRunClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(Run.prototype, "appendLog").mockImplementationOnce(async function (this: Run, ...call) {
      await appendLog.apply(this, call);
      throw new Error("the answer is lost");
    });
    expect((await send(client, { a: 1 }, numbered("p", 3, 0))).status).toBe(500);
    expect(errors).toHaveBeenCalled();
    await evictDurableObject(objectOf(client.runId));
    const again = await send(client, { a: 1 }, numbered("p", 3, 0));
    expect([again.status, again.headers.get("Producer-Duplicate")]).toEqual([200, "true"]);
    expect(await client.logs()).toBe('{"a":1}\n');
  });

  test("is refused in an epoch that is over: 403 with the one that writes now", async () => {
    const client = await createRunClient();
    await send(client, { old: 0 }, numbered("p", 0, 0));
    await send(client, { new: 0 }, numbered("p", 2, 0));
    const answer = await send(client, { old: 1 }, numbered("p", 0, 1));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("Producer-Epoch")).toBe("2");
    expect(await answer.json()).toEqual({ error: "This producer writes in epoch 2 now.", epoch: 2 });
    expect(await client.logs()).toBe('{"old":0}\n{"new":0}\n');
  });

  test("is refused while a batch is missing: 409 with the number that comes next, from 0 in each epoch", async () => {
    const client = await createRunClient();
    await send(client, { a: 0 }, numbered("p", 0, 0));
    for (const [epoch, seq, expected] of [
      [0, 2, 1],
      [1, 1, 0],
    ] as const) {
      const answer = await send(client, { a: seq }, numbered("p", epoch, seq));
      expect(answer.status).toBe(409);
      expect(answer.headers.get("Producer-Expected-Seq")).toBe(String(expected));
      expect(answer.headers.get("Producer-Received-Seq")).toBe(String(seq));
      expect(await answer.json()).toMatchObject({
        error: expect.any(String),
        expected_seq: expected,
        received_seq: seq,
      });
    }
    expect(await client.logs()).toBe('{"a":0}\n');
  });

  test.each([
    { "Producer-Id": "p" },
    { "Producer-Epoch": "0", "Producer-Seq": "0" },
    numbered("", 0, 0),
    numbered("x".repeat(257), 0, 0),
    numbered("p", "-1", 0),
    numbered("p", 0, "1.5"),
    numbered("p", 0, "9".repeat(16)),
  ])("with the headers %j is 400", async (headers) => {
    const client = await createRunClient();
    const answer = await send(client, {}, headers);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^Producer-/) });
    expect(await client.logs()).toBe("");
  });

  test("commits its number with its entries, or neither", async () => {
    const client = await createRunClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(Run.prototype, "appendLog").mockImplementationOnce(function (this: Run, scope, _lines, ...rest) {
      return appendLog.call(this, scope, new TextEncoder().encode("no line end"), ...rest);
    });
    expect((await send(client, { a: 1 }, numbered("p", 0, 0))).status).toBe(500);
    expect(errors).toHaveBeenCalled();
    const again = await send(client, { a: 1 }, numbered("p", 0, 0));
    expect(again.headers.get("Producer-Duplicate")).toBe("false");
    expect(await client.logs()).toBe('{"a":1}\n');
  });

  test("loses and repeats nothing when many send at once, repeat themselves and overtake each other", async () => {
    const client = await createRunClient();
    const [writers, batches] = [8, 6];
    const produce = async (writer: number) => {
      for (let seq = 0; seq < batches; seq += 1) {
        const ahead = { writer, seq: seq + 1 };
        const answers = await Promise.all([
          send(client, { writer, seq }, numbered(`w${writer}`, 0, seq)),
          send(client, { writer, seq }, numbered(`w${writer}`, 0, seq)),
          send(client, ahead, numbered(`w${writer}`, 0, seq + 1)),
        ]);
        expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([200, 200]);
        expect([200, 409]).toContain(answers[2]?.status);
      }
    };
    await Promise.all(Array.from({ length: writers }, (_, writer) => produce(writer)));
    const entries = parseLines(await client.logs());
    for (let writer = 0; writer < writers; writer += 1) {
      const own = entries.filter((entry) => entry["writer"] === writer).map(({ seq }) => Number(seq));
      expect(own).toEqual([...own.keys()]);
      expect(own.length).toBeGreaterThanOrEqual(batches);
    }
  });

  test("shuts a predecessor out in the middle of its batches", async () => {
    const client = await createRunClient();
    const [old, next] = await Promise.all(
      [0, 1].map(async (epoch) => {
        const statuses: number[] = [];
        for (let seq = 0; seq < 10; seq += 1) {
          statuses.push((await send(client, { epoch, seq }, numbered("p", epoch, seq))).status);
        }
        return statuses;
      }),
    );
    expect(next).toEqual(Array.from({ length: 10 }, () => 200));
    const taken = old?.filter((status) => status === 200).length ?? 0;
    expect(old?.slice(taken).every((status) => status === 403)).toBe(true);
    const epochs = parseLines(await client.logs()).map(({ epoch }) => Number(epoch));
    expect(epochs.filter((epoch) => epoch === 0)).toHaveLength(taken);
    expect(epochs.slice(epochs.indexOf(1))).toEqual(Array.from({ length: 10 }, () => 1));
  });
});
