import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Journal } from "../../../src/stream/journal/journal.ts";
import { callConfigured } from "../../configured.ts";
import { call } from "../../tenant.ts";
import { createRunClient, objectOf, parseLines, type RunClient } from "../run-client.ts";

/** A request of a run's agent; `settings` are the Worker's for it. */
function send(
  { taskId, runId, adminKey }: RunClient,
  operation: "append_log" | "event_stream",
  body: string,
  headers: Record<string, string> = {},
  settings?: Record<string, string>,
): Promise<Response> {
  const path = `/api/projects/@current/tasks/${taskId}/runs/${runId}/${operation}`;
  const type = operation === "append_log" ? "application/json" : "application/x-ndjson";
  const init = {
    method: "POST",
    headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": type, ...headers },
    body,
  };
  return settings ? callConfigured(settings, path, init) : call(path, init);
}

const entriesOf = (...entries: object[]) => JSON.stringify({ entries });
const eventsFrom = (first: number, events: object[]) =>
  events.map((event, index) => `${JSON.stringify({ seq: first + index, event })}\n`).join("");
const numbered = (id: string, epoch: number, seq: number) => ({
  "Producer-Id": id,
  "Producer-Epoch": String(epoch),
  "Producer-Seq": String(seq),
});

/** The whole journal as `tag:text` in its order, a change of the run by its stage alone. */
function readJournal(runId: string): Promise<string[]> {
  return runInDurableObject(objectOf(runId), async (_, { storage }) => {
    const journal = new Journal(storage.sql);
    const { segments } = await journal.read(1, { tags: ["log", "event", "state"], maxBytes: 100_000_000 });
    let next = 1;
    return segments.flatMap(({ first, count, tag, body }) => {
      expect(first).toBe(next);
      next += count;
      const lines = parseLines(new TextDecoder().decode(body));
      expect(lines).toHaveLength(count);
      return lines.map((line) => `${tag}:${String(tag === "state" ? line["stage"] : line["n"])}`);
    });
  });
}

const operation = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant("produce" as const),
    id: fc.constantFrom("p", "q"),
    restarts: fc.boolean(),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("events" as const),
    repeats: fc.integer({ min: 0, max: 2 }),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant("change" as const) }),
  fc.record({ kind: fc.constant("lose" as const) }),
);

describe("a journal that everyone writes to", () => {
  test("holds each entry once, in the order in which it was acknowledged, whatever is done in which order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        const client = await createRunClient({ run: { stage: "begin" } });
        const model = ["state:begin"];
        const producers = new Map<string, { epoch: number; seq: number }>();
        const sent: object[] = [];
        const answers: unknown[] = [];
        const expected: unknown[] = [];
        let n = 0;
        const entry = (tag: string) => {
          n += 1;
          model.push(`${tag}:${n}`);
          return { n };
        };
        for (const step of operations) {
          if (step.kind === "append") {
            const entries = Array.from({ length: step.count }, () => entry("log"));
            answers.push((await send(client, "append_log", entriesOf(...entries))).status);
            expected.push(200);
          } else if (step.kind === "produce") {
            const { epoch, seq } = producers.get(step.id) ?? { epoch: 0, seq: -1 };
            const next = step.restarts ? { epoch: epoch + 1, seq: 0 } : { epoch, seq: seq + 1 };
            producers.set(step.id, next);
            const body = entriesOf(entry("log"));
            for (let time = 0; time < step.times; time += 1) {
              const answer = await send(client, "append_log", body, numbered(step.id, next.epoch, next.seq));
              answers.push(answer.headers.get("Producer-Duplicate"));
              expected.push(String(time > 0));
            }
          } else if (step.kind === "events") {
            const repeated = Math.min(step.repeats, sent.length);
            const first = sent.length - repeated + 1;
            sent.push(...Array.from({ length: step.count }, () => entry("event")));
            const answer = await send(client, "event_stream", eventsFrom(first, sent.slice(first - 1)));
            answers.push(await answer.json());
            expected.push({ accepted: step.count, duplicate: repeated, last_accepted_seq: sent.length });
          } else if (step.kind === "change") {
            n += 1;
            model.push(`state:${n}`);
            await client.patch({ stage: String(n) });
          } else {
            // Only an object that is there can be lost.
            await client.readRun();
            await evictDurableObject(objectOf(client.runId));
          }
        }
        expect(answers).toEqual(expected);
        expect(await readJournal(client.runId)).toEqual(model);
      }),
      { numRuns: 20 },
    );
  });

  test("takes a hundred thousand entries at once, in order", async () => {
    const client = await createRunClient();
    const entries = Array.from({ length: 100_000 }, (_, n) => ({ n }));
    expect((await send(client, "append_log", entriesOf(...entries))).status).toBe(200);
    const logged = parseLines(await client.logs());
    expect(logged).toHaveLength(100_000);
    expect(logged.findIndex((line, index) => line["n"] !== index)).toBe(-1);
  });
});

describe("a journal that is full", () => {
  const full = { RUN_JOURNAL_MAX_BYTES: "300000" };
  const large = { n: 1, text: "x".repeat(150_000) };

  test("refuses log entries with 413, but acknowledges what it has, and still tells of the run's changes", async () => {
    const client = await createRunClient();
    const append = (seq: number) => send(client, "append_log", entriesOf(large), numbered("p", 0, seq), full);
    expect((await append(0)).status).toBe(200);
    const refused = await append(1);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ code: "request_too_large", detail: expect.stringMatching(/full/) });
    expect((await append(0)).headers.get("Producer-Duplicate")).toBe("true");
    expect(await client.patch({ status: "completed" })).toMatchObject({ status: "completed" });
    // With more room the same batch is taken: its number was not used up.
    const later = await send(client, "append_log", entriesOf({ n: 2 }), numbered("p", 0, 1));
    expect([later.status, later.headers.get("Producer-Duplicate")]).toEqual([200, "false"]);
    expect(parseLines(await client.logs()).map(({ n }) => n)).toEqual([1, 2]);
  });

  test("refuses events with 413 and the number of the last one that it has", async () => {
    const client = await createRunClient();
    const answer = await send(client, "event_stream", eventsFrom(1, [large, large, large]), {}, full);
    expect(answer.status).toBe(413);
    const { last_accepted_seq: last } = await answer.json<{ last_accepted_seq: number }>();
    expect(last).toBe(1);
    const asked = await send(client, "event_stream", "", {}, full);
    expect(await asked.json()).toMatchObject({ last_accepted_seq: 1 });
    expect(parseLines(await client.logs())).toHaveLength(1);
  });
});
