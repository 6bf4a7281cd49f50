import { runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EventClient } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { type AgentPlayer, connectAgent } from "./agent-client.ts";
import { createRunClient, hibernate, loseObject, objectOf, read, type RunClient } from "../run-client.ts";
import { eventually } from "../../eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const sendLines = ({ taskId, runId, adminKey }: RunClient, ...lines: object[]) =>
  call(`/api/projects/@current/tasks/${taskId}/runs/${runId}/event_stream`, {
    method: "POST",
    headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/x-ndjson" },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });

/** What the run's stream shows but states, to its end. */
async function streamed(client: RunClient): Promise<string[]> {
  const frames = await new EventClient(await client.onRun("/stream")).rest();
  return frames.map(({ data }) => data).filter((data) => !/"task_run_state"|^\{"status":"complete"\}$/.test(data));
}

/** Sends events `from` to `to`, `{"n": number}` each. */
function sayEvents(agent: AgentPlayer, from: number, to: number): void {
  const events = Array.from({ length: to - from + 1 }, (_, index) => ({ n: from + index }));
  agent.say({ type: "events", seq: from, events });
}

type Step = "say" | "post" | "listen" | "sleep" | "lose" | "leave" | "replace";

describe("an agent's connection", () => {
  test("takes events byte for byte, tells what is stored, and ends with the run", async () => {
    const client = await createRunClient({ run: { status: "in_progress" } });
    const agent = await connectAgent(client);
    expect(await agent.greeted()).toEqual({
      ready: { type: "ready", last_accepted_seq: 0, complete: false },
      state: expect.objectContaining({ type: "task_run_state", run_id: client.runId, status: "in_progress" }),
    });
    const odd = '{"z": 1.0, "a": "\\u00e9 \u{1F600}\uFEFF", "z": 1e5, "n":[ 12345678901234567890 ]}';
    agent.sayText(`{"type":"events","seq":1,"events":[${odd}, {"b":\n2} ]}`);
    expect(await agent.next("accepted")).toEqual({ type: "accepted", accepted: 2, duplicate: 0, last_accepted_seq: 2 });
    agent.say({ type: "complete", final_seq: 2 });
    expect(await agent.next("accepted")).toEqual({ type: "accepted", accepted: 0, duplicate: 0, last_accepted_seq: 2 });
    await client.patch({ status: "completed" });
    expect((await agent.next("state")).state).toMatchObject({ status: "completed" });
    expect(await agent.closed).toBe(1000);
    expect(await streamed(client)).toEqual([odd, '{"b":2}']);
  });

  test("tells of each change of the run, and waits after its end for the last events", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    expect((await agent.greeted()).state).toMatchObject({ status: "not_started" });
    for (const change of [{ status: "in_progress" }, { stage: "build" }, { output: { pr: 1 } }]) {
      await client.patch(change);
      expect((await agent.next("state")).state).toMatchObject(change);
    }
    sayEvents(agent, 1, 1);
    await agent.next("accepted");
    await client.patch({ status: "cancelled" });
    const { state } = await agent.next("state");
    expect(state).toMatchObject({ status: "cancelled", output: { pr: 1 } });
    sayEvents(agent, 2, 3);
    expect(await agent.next("accepted")).toMatchObject({ last_accepted_seq: 3 });
    agent.say({ type: "complete", final_seq: 3 });
    expect(await agent.next("accepted")).toMatchObject({ accepted: 0 });
    expect(await agent.closed).toBe(1000);
    expect(await streamed(client)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  });

  test("may end without an event", async () => {
    const client = await createRunClient({ run: { status: "failed" } });
    const agent = await connectAgent(client);
    await agent.greeted();
    agent.say({ type: "complete", final_seq: 0 });
    await agent.next("accepted");
    expect(await agent.closed).toBe(1000);
    const late = await connectAgent(client);
    expect((await late.greeted()).ready).toMatchObject({ complete: true });
    expect(await late.closed).toBe(1000);
  });

  test("is of the same events as event_stream: what is there already is a duplicate, a gap is refused", async () => {
    const client = await createRunClient();
    expect((await sendLines(client, { seq: 1, event: { n: 1 } }, { seq: 2, event: { n: 2 } })).status).toBe(200);
    const agent = await connectAgent(client);
    expect((await agent.greeted()).ready).toMatchObject({ last_accepted_seq: 2 });
    sayEvents(agent, 2, 4);
    expect(await agent.next("accepted")).toMatchObject({ accepted: 2, duplicate: 1, last_accepted_seq: 4 });
    sayEvents(agent, 1, 4);
    expect(await agent.next("accepted")).toMatchObject({ accepted: 0, duplicate: 4, last_accepted_seq: 4 });
    sayEvents(agent, 6, 7);
    expect(await agent.next("refused")).toEqual({
      type: "refused",
      error: "Events before this one are missing.",
      last_accepted_seq: 4,
    });
    agent.say({ type: "complete", final_seq: 5 });
    expect(await agent.next("refused")).toMatchObject({ error: "final_seq is not the number of the last event." });
    expect((await sendLines(client, { seq: 5, event: { n: 5 } })).status).toBe(200);
    agent.say({ type: "complete", final_seq: 5 });
    await agent.next("accepted");
    sayEvents(agent, 6, 6);
    expect(await agent.next("refused")).toMatchObject({ error: "The event stream is complete.", last_accepted_seq: 5 });
    await client.patch({ status: "completed" });
    expect(await streamed(client)).toEqual([1, 2, 3, 4, 5].map((n) => `{"n":${n}}`));
  });

  test("takes many messages at once and answers them in their order", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    for (let seq = 1; seq <= 100; seq += 1) sayEvents(agent, seq, seq);
    for (let seq = 1; seq <= 100; seq += 1) {
      expect(await agent.next("accepted")).toMatchObject({ accepted: 1, last_accepted_seq: seq });
    }
  });

  test("goes on while the object sleeps between its messages and between changes", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    for (const n of [1, 2, 3]) {
      await hibernate(client.runId);
      agent.sayText("ping");
      expect(await agent.text()).toBe("pong");
      sayEvents(agent, n, n);
      expect(await agent.next("accepted")).toMatchObject({ last_accepted_seq: n });
      await hibernate(client.runId);
      await client.patch({ stage: `stage ${n}` });
      expect((await agent.next("state")).state).toMatchObject({ stage: `stage ${n}` });
    }
    await hibernate(client.runId);
    await client.patch({ status: "completed" });
    await agent.next("state");
    await hibernate(client.runId);
    agent.say({ type: "complete", final_seq: 3 });
    await agent.next("accepted");
    expect(await agent.closed).toBe(1000);
  });

  test("is taken over by a newer one, which goes on where the older was", async () => {
    const client = await createRunClient();
    const older = await connectAgent(client);
    await older.greeted();
    sayEvents(older, 1, 2);
    await older.next("accepted");
    const newer = await connectAgent(client);
    expect(await older.closed).toBe(4003);
    expect((await newer.greeted()).ready).toMatchObject({ last_accepted_seq: 2 });
    sayEvents(newer, 3, 3);
    await newer.next("accepted");
    await client.patch({ stage: "on" });
    await newer.next("state");
    expect(older.waiting).toBe(0);
  });

  test("leaves one agent where many connect at once", async () => {
    const client = await createRunClient();
    const agents = await Promise.all(Array.from({ length: 8 }, () => connectAgent(client)));
    const open = new Set(agents);
    const codes: number[] = [];
    for (const agent of agents) {
      void agent.closed.then(
        (code) => open.delete(agent) && codes.push(code),
        () => undefined,
      );
    }
    await eventually(() => expect(codes).toEqual(Array(7).fill(4003)));
    for (const last of open) expect((await last.greeted()).ready).toMatchObject({ complete: false });
    expect(open.size).toBe(1);
  });

  test("is not counted among the readers, and is no reader", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client, { RUN_STREAM_MAX_READERS: "1" });
    await agent.greeted();
    const reader = new EventClient(await client.onRun("/stream"));
    expect((await reader.next())?.data).toContain("task_run_state");
    await client.append({ logged: true });
    expect((await reader.next())?.data).toBe('{"logged":true}');
    await client.patch({ stage: "after the entry" });
    expect((await agent.next("state")).state).toMatchObject({ stage: "after the entry" });
  });

  test("is refused what the journal has no room for, and keeps what it had", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client, { RUN_JOURNAL_MAX_BYTES: "200000" });
    await agent.greeted();
    sayEvents(agent, 1, 1);
    await agent.next("accepted");
    agent.say({ type: "events", seq: 2, events: [{ text: "x".repeat(300_000) }] });
    expect(await agent.next("refused")).toEqual({
      type: "refused",
      error: "The journal of this run is full: it takes no more entries.",
      last_accepted_seq: 1,
    });
    agent.say({ type: "complete", final_seq: 1 });
    expect(await agent.next("accepted")).toMatchObject({ last_accepted_seq: 1 });
  });

  test("takes messages of 1 MiB and refuses larger ones, in bytes", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    const around = '{"type":"events","seq":1,"events":[{"a":""}]}'.length;
    const room = 1024 * 1024 - around;
    for (const text of ["x".repeat(room + 1), "\u{1F600}".repeat(room / 4 + 1), "x".repeat(3_000_000)]) {
      agent.say({ type: "events", seq: 1, events: [{ a: text }] });
      expect(await agent.next("refused")).toEqual({
        type: "refused",
        error: "A message takes 1 MiB at most.",
        last_accepted_seq: 0,
      });
    }
    agent.say({ type: "events", seq: 1, events: [{ a: "x".repeat(room) }] });
    expect(await agent.next("accepted")).toMatchObject({ accepted: 1 });
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    '"events"',
    '{"type":"ready"}',
    '{"type":"events","seq":1}',
    '{"type":"events","seq":1,"events":[]}',
    '{"type":"events","seq":1,"events":{}}',
    '{"type":"events","seq":1,"events":[1]}',
    '{"type":"events","seq":1,"events":[{}]',
    '{"type":"events","seq":1,"events":[{}]} x',
    '{"type":"events","seq":1,"events":[{"a":}]}',
    '{"type":"events","seq":0,"events":[{}]}',
    '{"type":"events","seq":1.5,"events":[{}]}',
    '{"type":"events","seq":"1","events":[{}]}',
    '{"type":"complete"}',
    '{"type":"complete","final_seq":-1}',
    '{"type":"answer","id":"a"}',
    '{"type":"answer","id":"a","message":[]}',
    '{"type":"answer","id":1,"message":{}}',
    '{"type":"ack","offset":"0000000000000001"}',
  ])("is closed on what is no message: %s", async (text) => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    agent.sayText(text);
    expect(await agent.closed).toBe(4001);
    const again = await connectAgent(client);
    expect((await again.greeted()).ready).toMatchObject({ last_accepted_seq: 0 });
  });

  test("is closed when the server fails, and has stored nothing of what was not accepted", async () => {
    const client = await createRunClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const agent = await connectAgent(client);
    await agent.greeted();
    const rename = (from: string, to: string) =>
      runInDurableObject(objectOf(client.runId), (_, { storage }) => {
        storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    await rename("journal", "away");
    sayEvents(agent, 1, 1);
    expect(await agent.closed).toBe(1011);
    expect(errors).toHaveBeenCalled();
    await rename("away", "journal");
    const again = await connectAgent(client);
    expect((await again.greeted()).ready).toMatchObject({ last_accepted_seq: 0 });
  });

  test("whose attachment another release wrote connects again", async () => {
    const client = await createRunClient();
    const agent = await connectAgent(client);
    await agent.greeted();
    await runInDurableObject(objectOf(client.runId), (_, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ place: 7 });
    });
    await hibernate(client.runId);
    await client.patch({ stage: "on" });
    expect(await agent.closed).toBe(1011);
  });

  test("is closed when it is sent much and says nothing, but not when it speaks now and then", async () => {
    const client = await createRunClient();
    const [silent, output] = [await connectAgent(client), { text: "x".repeat(900_000) }];
    await silent.greeted();
    for (let sent = 0; sent < 19; sent += 1) await client.patch({ output, stage: String(sent) });
    expect(await silent.closed).toBe(4002);
    const lively = await connectAgent(client);
    await lively.greeted();
    for (let sent = 0; sent < 19; sent += 1) {
      await client.patch({ output, stage: String(sent) });
      await lively.next("state");
      lively.say({ type: "answer", id: "of nothing", message: {} });
      await hibernate(client.runId);
    }
    expect(lively.waiting).toBe(0);
  });

  test("stores each event once and in order, whatever is interrupted", async () => {
    const step = fc.record({
      kind: fc.constantFrom<Step[]>("say", "say", "say", "post", "listen", "sleep", "lose", "leave", "replace"),
      count: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 25 }), async (steps) => {
        const client = await createRunClient();
        /** Events 1 to `made` exist; with each connection those are sent again that the server does not have. */
        let made = 0;
        let agent: AgentPlayer | undefined;
        const connect = async () => {
          agent = await connectAgent(client);
          const { last_accepted_seq: last } = await agent.next("ready");
          if (last < made) sayEvents(agent, last + 1, made);
          return agent;
        };
        for (const { kind, count } of steps) {
          if (kind === "say") {
            const speaker = agent ?? (await connect());
            sayEvents(speaker, made + 1, made + count);
            made += count;
          } else if (kind === "post") {
            made += count;
            const lines = Array.from({ length: made }, (_, index) => ({ seq: index + 1, event: { n: index + 1 } }));
            await read<object>(sendLines(client, ...lines));
          } else if (kind === "listen") {
            if (agent && agent.waiting > 0) await agent.text();
          } else if (kind === "sleep") {
            // One that does not run cannot be sent to sleep.
            await client.readRun();
            await hibernate(client.runId);
          } else if (kind === "replace") {
            await connect();
          } else {
            if (kind === "lose") await loseObject(client.runId);
            else agent?.leave();
            agent = undefined;
          }
        }
        const last = await connect();
        last.say({ type: "complete", final_seq: made });
        await client.patch({ status: "completed" });
        expect(await last.closed).toBe(1000);
        expect(await streamed(client)).toEqual(Array.from({ length: made }, (_, index) => `{"n":${index + 1}}`));
      }),
      { numRuns: 15 },
    );
  });
});
