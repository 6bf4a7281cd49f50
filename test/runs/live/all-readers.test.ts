import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_ENTRY_BYTES } from "../../../src/stream/journal/journal-lines.ts";
import { call } from "../../tenant.ts";
import { type AgentPlayer, connectAgent } from "../agent/agent-client.ts";
import { finish, followersOf } from "./followers.ts";
import { createRunClient, loseObject, read, type RunClient } from "../run-client.ts";

const numbersFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ n: first + index }));

/** Sends events by event_stream. */
const postEvents = ({ taskId, runId, adminKey }: RunClient, lines: object[]) =>
  read<object>(
    call(`/api/projects/@current/tasks/${taskId}/runs/${runId}/event_stream`, {
      method: "POST",
      headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/x-ndjson" },
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    }),
  );

type Kind = "append" | "produce" | "post" | "say" | "change" | "lose" | "read" | "drop";

/** Everyone who writes to a run, with what its stream has to show: its states by their stage, entries by their JSON. */
class Writers {
  readonly shown = ["begin"];
  readonly #client: RunClient;
  readonly #events: object[] = [];
  #agent: AgentPlayer | undefined;
  #made = 0;
  #produced = 0;

  constructor(client: RunClient) {
    this.#client = client;
  }

  async append(count: number): Promise<void> {
    await this.#client.append(...this.#makeLog(count));
  }

  /** Appends as a producer, which sends its batch again as if the answer had been lost. */
  async produce(count: number): Promise<void> {
    const body = JSON.stringify({ entries: this.#makeLog(count) });
    const headers = { "Producer-Id": "p", "Producer-Epoch": "0", "Producer-Seq": String(this.#produced) };
    this.#produced += 1;
    for (const isAgain of ["false", "true"]) {
      const said = (await this.#client.appendText(body, headers)).headers.get("Producer-Duplicate");
      if (said !== isAgain) throw new Error(`Producer-Duplicate is ${said}`);
    }
  }

  /** Sends events by event_stream, the last of those before once more. */
  async post(count: number): Promise<void> {
    const from = Math.max(this.#events.length - 1, 0);
    this.#makeEvents(count);
    await postEvents(
      this.#client,
      this.#events.slice(from).map((event, index) => ({ seq: from + index + 1, event })),
    );
  }

  /** Sends events over the agent's WebSocket, the last of those before once more. */
  async say(count: number): Promise<void> {
    const from = Math.max(this.#events.length - 1, 0);
    this.#makeEvents(count);
    const agent = (this.#agent ??= await connectAgent(this.#client));
    agent.say({ type: "events", seq: from + 1, events: this.#events.slice(from).map((event) => ({ ...event })) });
    while (!/"accepted"/.test(await agent.text()));
  }

  async change(): Promise<void> {
    this.#made += 1;
    this.shown.push(String(this.#made));
    await this.#client.patch({ stage: String(this.#made) });
  }

  loseAgent(): void {
    this.#agent = undefined;
  }

  async end(): Promise<void> {
    const final_seq = this.#events.length;
    if (final_seq > 0) await postEvents(this.#client, [{ type: "_posthog/stream_complete", final_seq }]);
    await this.#client.patch({ status: "completed", stage: "end" });
    this.shown.push("end");
  }

  /** Log entries; once there are events, the stream does not show them. */
  #makeLog(count: number): object[] {
    const entries = numbersFrom(this.#made + 1, count);
    this.#made += count;
    if (this.#events.length === 0) this.shown.push(...entries.map((entry) => JSON.stringify(entry)));
    return entries;
  }

  #makeEvents(count: number): void {
    const events = numbersFrom(this.#made + 1, count);
    this.#made += count;
    this.#events.push(...events);
    this.shown.push(...events.map((event) => JSON.stringify(event)));
  }
}

/** An entry as `Writers` knows it. */
const nameOf = (text: string) => (text.startsWith('{"type":"task_run_state"') ? String(JSON.parse(text).stage) : text);

describe("readers by server-sent events, WebSocket and long poll", () => {
  test("see the same, once and in order, whoever writes and whatever is interrupted", async () => {
    const step = fc.record({
      kind: fc.constantFrom<Kind[]>(
        "append",
        "produce",
        "post",
        "say",
        "change",
        "lose",
        "read",
        "read",
        "read",
        "drop",
      ),
      count: fc.integer({ min: 1, max: 20 }),
      reader: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const client = await createRunClient({ run: { stage: "begin" } });
        const writers = new Writers(client);
        const followers = followersOf(client);
        for (const { kind, count, reader } of steps) {
          const follower = followers[reader];
          if (kind === "read") {
            if (follower && follower.seen.length < writers.shown.length) await follower.step();
          } else if (kind === "drop") {
            follower?.drop();
          } else if (kind === "lose") {
            await loseObject(client.runId);
            writers.loseAgent();
            for (const broken of followers) broken.drop();
          } else {
            await writers[kind](count);
          }
        }
        await writers.end();
        const all = await Promise.all(followers.map(finish));
        for (const seen of all) {
          expect(seen.map(nameOf)).toEqual(writers.shown);
          expect(seen).toEqual(all[0]);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("get a batch of a hundred thousand entries, in order", async () => {
    const client = await createRunClient();
    const followers = followersOf(client);
    for (const follower of followers) await follower.step();
    const entries = numbersFrom(0, 100_000);
    await client.append(...entries);
    await client.patch({ status: "completed" });
    const expected = entries.map((entry) => JSON.stringify(entry)).join();
    for (const seen of await Promise.all(followers.map(finish))) {
      expect(seen).toHaveLength(100_002);
      expect(seen.slice(1, -1).join() === expected).toBe(true);
    }
  });

  test("get the largest entry there may be, between small ones", async () => {
    const client = await createRunClient();
    const followers = followersOf(client);
    for (const follower of followers) await follower.step();
    const largest = { a: "\u{1F600}".repeat((MAX_ENTRY_BYTES - 12) / 4) };
    expect(MAX_ENTRY_BYTES - new TextEncoder().encode(JSON.stringify(largest)).length).toBeLessThan(8);
    await client.append({ n: 1 }, largest, { n: 2 });
    await client.patch({ status: "completed" });
    const expected = [{ n: 1 }, largest, { n: 2 }].map((entry) => JSON.stringify(entry));
    for (const seen of await Promise.all(followers.map(finish))) expect(seen.slice(1, -1)).toEqual(expected);
  });
});
