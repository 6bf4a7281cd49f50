import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { v7 as uuid } from "uuid";
import { afterEach, describe, expect, test, vi } from "vitest";
import { signConnectionToken, signIngestToken, signStreamToken, type TokenRun } from "../../../src/auth/run-tokens.ts";
import { Run } from "../../../src/runs/object/run-object.ts";
import { readConfig } from "../../../src/config.ts";
import { call } from "../../tenant.ts";
import { createRunClient, objectOf, read, type RunClient } from "../run-client.ts";
import { eventually } from "../../eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const line = (seq: number, event: object = { n: seq }) => `${JSON.stringify({ seq, event })}\n`;
const complete = (final: number) => `${JSON.stringify({ type: "_posthog/stream_complete", final_seq: final })}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index)).join("");
const logged = (to: number) => Array.from({ length: to }, (_, index) => `{"n":${index + 1}}\n`).join("");

interface Sender {
  client: RunClient;
  path: string;
  token: string;
  send: (body: BodyInit | null, headers?: Record<string, string>, path?: string) => Promise<Response>;
  /** Sends and expects a status and a body. */
  expectSent: (body: BodyInit | null, status: number, answer: object) => Promise<void>;
}

async function createSender(): Promise<Sender> {
  const client = await createRunClient({ run: { status: "in_progress" } });
  const { id: projectNumber } = await read<{ id: number }>(client.send("/api/projects/@current/"));
  const path = `/api/projects/${projectNumber}/tasks/${client.taskId}/runs/${client.runId}/event_stream`;
  const token = await signIngestToken(readConfig(env).RUN_TOKEN_PRIVATE_KEY, tokenRun(client, projectNumber));
  const send: Sender["send"] = (body, headers = {}, to = path) =>
    call(to, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/x-ndjson", ...headers },
      body,
    });
  const expectSent: Sender["expectSent"] = async (body, status, answer) => {
    const response = await send(body);
    expect(await response.json()).toEqual(answer);
    expect(response.status).toBe(status);
  };
  return { client, path, token, send, expectSent };
}

function tokenRun({ runId, taskId }: RunClient, projectNumber: number): TokenRun {
  return { runId, taskId, projectNumber };
}

/** A body whose end is up to the test. */
function openBody() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return { readable, write: (text: string) => writer.write(new TextEncoder().encode(text)), end: () => writer.close() };
}

const report = (accepted: number, duplicate: number, last: number) => ({
  accepted,
  duplicate,
  last_accepted_seq: last,
});
const refusal = (error: RegExp, last: number) => ({ error: expect.stringMatching(error), last_accepted_seq: last });

describe("event_stream", () => {
  test("answers an empty body with how far the run is", async () => {
    const { expectSent } = await createSender();
    await expectSent(null, 200, report(0, 0, 0));
    await expectSent("", 200, report(0, 0, 0));
    await expectSent(lines(1, 3), 200, report(3, 0, 3));
    await expectSent(null, 200, report(0, 0, 3));
  });

  test("stores the bytes of the events, which are the log where no other was written", async () => {
    const { client, expectSent } = await createSender();
    const events = [
      '{"b":1.0,"a":1e5,"2":12345678901234567890}',
      '{"type":"x","deep":{"seq": [1 , 2]},"t":"\\u00e9 }"}',
    ];
    const body = `{"seq":1,"event": ${events[0]} }\r\n \n{"event":{"no":1},"seq" : 2, "event":${events[1]}}`;
    await expectSent(body, 200, report(2, 0, 2));
    expect(await client.logs()).toBe(`${events.join("\n")}\n`);
    const page = await client.onRun("/session_logs/?limit=1");
    expect([await page.text(), page.headers.get("X-Total-Count")]).toEqual([`[${events[0]}]`, "2"]);
    const filtered = await client.onRun("/session_logs/?exclude_types=y");
    expect(await filtered.text()).toBe(`[${events.join(",")}]`);
    await client.append({ own: 1 });
    expect(await client.logs()).toBe('{"own":1}\n');
    expect(await (await client.onRun("/session_logs/")).text()).toBe('[{"own":1}]');
  });

  test("ignores what it has, and refuses what comes too early: 409 with the last number", async () => {
    const { client, expectSent } = await createSender();
    await expectSent(lines(1, 3), 200, report(3, 0, 3));
    await expectSent(lines(2, 5), 200, report(2, 2, 5));
    await expectSent(line(1) + line(1) + line(6), 200, report(1, 2, 6));
    await expectSent(line(7) + line(9) + line(8), 409, refusal(/missing/, 7));
    await expectSent(line(100), 409, refusal(/missing/, 7));
    expect(await client.logs()).toBe(logged(7));
  });

  test("ends with the number of the last event, and then takes nothing more", async () => {
    const { client, expectSent } = await createSender();
    await expectSent(lines(1, 2) + complete(3), 409, refusal(/final_seq/, 2));
    await expectSent(line(3) + complete(3) + line(4), 409, refusal(/complete/, 3));
    for (const body of [line(4), line(3), complete(3)]) await expectSent(body, 409, refusal(/complete/, 3));
    await evictDurableObject(objectOf(client.runId));
    await expectSent(null, 200, report(0, 0, 3));
    expect(await client.logs()).toBe(logged(3));
  });

  test("takes a run's last events after its end", async () => {
    const { client, expectSent } = await createSender();
    await client.patch({ status: "completed" });
    await expectSent(line(1) + complete(1), 200, report(1, 0, 1));
    expect(await client.logs()).toBe(logged(1));
  });

  test.each([
    ["no JSON", /JSON parse error/],
    ["[1]", /no JSON object/],
    ['{"seq":0,"event":{}}', /seq must/],
    ['{"seq":2.5,"event":{}}', /seq must/],
    ['{"event":{}}', /seq must/],
    ['{"seq":2}', /event of seq 2/],
    ['{"seq":2,"event":[]}', /event of seq 2/],
    ['{"type":"_posthog/stream_complete"}', /final_seq must/],
  ])("refuses the line %s and keeps what came before", async (bad, error) => {
    const { client, expectSent } = await createSender();
    await expectSent(`${line(1)}${bad}\n${line(2)}`, 400, refusal(error, 1));
    expect(await client.logs()).toBe(logged(1));
  });

  test("takes lines of a megabyte, 1,000 events and 5 MiB a request: 413 tells what is stored", async () => {
    const { client, expectSent } = await createSender();
    const around = line(1, { text: "" }).length - 1;
    const large = (seq: number, bytes: number) => line(seq, { text: "x".repeat(bytes - around) });
    await expectSent(large(1, 1024 * 1024) + large(2, 1024 * 1024 + 1), 413, refusal(/1048576 bytes/, 1));
    await expectSent(lines(2, 1002), 413, refusal(/1000 events/, 1001));
    const mebibytes = Array.from({ length: 6 }, (_, index) => large(1002 + index, 1024 * 1024 - 4)).join("");
    await expectSent(mebibytes, 413, refusal(/5242880 bytes/, 1006));
    expect((await client.logs()).length).toBeGreaterThan(6 * 1_000_000);
  });

  test("stores what arrives while the request goes on, and tells it to who asks", async () => {
    const { client, send, expectSent } = await createSender();
    const body = openBody();
    const answer = send(body.readable);
    await body.write(line(1) + line(2).slice(0, 7));
    await eventually(async () => expect(await client.logs()).toBe(logged(1)));
    await body.write(line(2).slice(7) + line(3));
    await eventually(async () => expect(await client.logs()).toBe(logged(3)));
    // The rest of this request never comes; its successor goes on from where it asks.
    await expectSent(null, 200, report(0, 0, 3));
    await expectSent(line(4), 200, report(1, 0, 4));
    await body.end();
    expect(await (await answer).json()).toEqual(report(3, 0, 3));
  });

  test("keeps what was committed when the body breaks off", async () => {
    const { client, send, expectSent } = await createSender();
    let next = 1;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (next > 2) return controller.error(new Error("the network is gone"));
        controller.enqueue(new TextEncoder().encode(line(next)));
        next += 1;
      },
    });
    await send(broken).then(
      (answer) => answer.text(),
      () => "",
    );
    await expectSent(lines(1, 3), 200, {
      ...report(3, 0, 3),
      accepted: expect.any(Number),
      duplicate: expect.any(Number),
    });
    expect(await client.logs()).toBe(logged(3));
  });

  test("stores an event once when the answer to its commit was lost, and the object with it", async () => {
    const { client, send, expectSent } = await createSender();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const take: (this: Run, ...step: Parameters<Run["takeEvents"]>) => ReturnType<Run["takeEvents"]> = Reflect.get(
      Run.prototype,
      "takeEvents",
    );
    const lose = function (this: Run, ...step: Parameters<Run["takeEvents"]>) {
      const answer = take.apply(this, step);
      if (step[1].kind === "append") throw new Error("the answer is lost");
      return answer;
    };
    vi.spyOn(Run.prototype, "takeEvents").mockImplementationOnce(lose).mockImplementationOnce(lose);
    expect((await send(lines(1, 2))).status).toBe(500);
    expect(errors).toHaveBeenCalled();
    await evictDurableObject(objectOf(client.runId));
    await expectSent(lines(1, 3), 200, report(1, 2, 3));
    expect(await client.logs()).toBe(logged(3));
  });

  test("asks the run's object once for many events that are there, also among new ones", async () => {
    const { client, expectSent } = await createSender();
    await expectSent(line(1), 200, report(1, 0, 1));
    const take = vi.spyOn(Run.prototype, "takeEvents");
    await expectSent(line(1).repeat(999), 200, report(0, 999, 1));
    expect(take.mock.calls.length).toBeLessThanOrEqual(2);
    take.mockClear();
    await expectSent(
      [2, 3, 4].map((seq) => (line(seq) + line(1) + line(seq)).repeat(100)).join(""),
      200,
      report(3, 897, 4),
    );
    expect(take.mock.calls.length).toBeLessThanOrEqual(10);
    await expectSent(line(1) + complete(4), 200, report(0, 1, 4));
    await expectSent(line(1), 409, refusal(/complete/, 4));
    expect(await client.logs()).toBe(logged(4));
  });

  test("is one run's whoever sends at the same time: each number is stored once, in order", async () => {
    const { client, send } = await createSender();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(lines(1, 200))));
    const reports = await Promise.all(answers.map((answer) => answer.json<{ accepted: number }>()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(reports.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(200);
    expect(await client.logs()).toBe(logged(200));
  });

  test("equals a plain list, whatever is sent, cut, repeated, skipped or lost with the object", async () => {
    const request = fc.record({
      runs: fc.array(fc.tuple(fc.integer({ min: -3, max: 2 }), fc.integer({ min: 1, max: 4 })), { maxLength: 4 }),
      evict: fc.boolean(),
      cut: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 6 }), async (requests) => {
        const { client, send } = await createSender();
        let last = 0;
        for (const { runs, evict, cut } of requests) {
          const before = last;
          let [text, duplicate, gap] = ["", 0, false];
          for (const [shift, count] of runs) {
            const first = Math.max(1, last + 1 + shift);
            text += lines(first, first + count - 1);
            gap ||= first > last + 1;
            if (gap) continue;
            duplicate += Math.min(last + 1 - first, count);
            last = Math.max(last, first + count - 1);
          }
          const bytes = new TextEncoder().encode(text);
          const body = new ReadableStream<Uint8Array>({
            start(controller) {
              for (let at = 0; at < bytes.length; at += cut) controller.enqueue(bytes.slice(at, at + cut));
              controller.close();
            },
          });
          const answer = await send(body);
          expect(answer.status).toBe(gap ? 409 : 200);
          expect(await answer.json()).toEqual(gap ? refusal(/missing/, last) : report(last - before, duplicate, last));
          if (evict) await evictDurableObject(objectOf(client.runId));
        }
        expect(await client.logs()).toBe(logged(last));
      }),
      { numRuns: 15 },
    );
  });
});

describe("who may send events", () => {
  test("has the run's token, or a key with task:write", async () => {
    const { client, send, path } = await createSender();
    const own = path.replace(/projects\/\d+/, "projects/@current");
    expect((await send(line(1), {}, own)).status).toBe(200);
    expect((await send(line(2), {}, `${own}/`)).status).toBe(200);
    const writer = await client.makeKey(["task:write"]);
    expect((await send(line(3), { Authorization: `Bearer ${writer}` })).status).toBe(200);
    const reader = await client.makeKey(["task:read"]);
    const refused = await send(line(4), { Authorization: `Bearer ${reader}` });
    expect([refused.status, await refused.json()]).toEqual([403, { error: expect.stringContaining("task:write") }]);
  });

  test("is 401 with a token that is changed, too old or for something else", async () => {
    const { client, send, token, path } = await createSender();
    const secrets = readConfig(env).RUN_TOKEN_PRIVATE_KEY;
    const run = tokenRun(client, Number(/projects\/(\d+)/.exec(path)?.[1]));
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockReturnValue(now - 8 * 3_600_000);
    const old = await signIngestToken(secrets, run);
    clock.mockRestore();
    for (const other of [
      `${token.slice(0, -8)}AAAAAAAA`,
      old,
      await signStreamToken(secrets, run, "viewer"),
      await signConnectionToken(secrets, run, { userId: "u", userNumber: 1 }, undefined),
    ]) {
      const answer = await send(line(1), { Authorization: `Bearer ${other}` });
      expect([answer.status, await answer.json()]).toEqual([401, { error: expect.any(String) }]);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer/);
    }
    expect(await client.logs()).toBe("");
  });

  test("is 403 with another run's token, and 404 for a run that is not there", async () => {
    const { client, send, path } = await createSender();
    const other = await createSender();
    for (const to of [other.path, path.replace(client.runId, uuid()), path.replace(client.taskId, uuid())]) {
      const answer = await send(line(1), {}, to);
      expect([answer.status, await answer.json()]).toEqual([403, { error: expect.any(String) }]);
    }
    const missing = tokenRun({ ...client, runId: uuid() }, Number(/projects\/(\d+)/.exec(path)?.[1]));
    const token = await signIngestToken(readConfig(env).RUN_TOKEN_PRIVATE_KEY, missing);
    const headers = { Authorization: `Bearer ${token}` };
    const unknown = await send(line(1), headers, path.replace(client.runId, missing.runId));
    expect([unknown.status, await unknown.json()]).toEqual([404, { error: "Not found." }]);
  });

  test("gets 405 for another method in the same body", async () => {
    const { path } = await createSender();
    const answer = await call(path);
    expect([answer.status, await answer.json()]).toEqual([405, { error: 'Method "GET" not allowed.' }]);
  });
});
