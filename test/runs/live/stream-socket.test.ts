import { runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { callConfigured } from "../../configured.ts";
import { eventually } from "../../eventually.ts";
import { inTime } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { createRunClient, hibernate, loseObject, objectOf, parseLines, read, type RunClient } from "../run-client.ts";
import { SocketClient } from "../socket-client.ts";

const pathOf = ({ taskId, runId }: RunClient, query = "") =>
  `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream${query}`;
const upgrade = ({ adminKey }: RunClient) => ({
  headers: { Authorization: `Bearer ${adminKey}`, Upgrade: "websocket" },
});

async function connect(client: RunClient, query?: string): Promise<SocketClient> {
  return new SocketClient(await call(pathOf(client, query), upgrade(client)));
}

const isState = ({ type }: Record<string, unknown>) => type === "task_run_state";
const numbersTo = (count: number, from = 1) => Array.from({ length: count }, (_, index) => ({ n: from + index }));

interface Step {
  kind: "append" | "sleep" | "lose" | "connect" | "leave" | "read" | "hear";
  count?: number;
  reader?: number;
}

/** A reader that comes and goes, and goes on where it was. */
class Reader {
  readonly #client: RunClient;
  readonly #seen: Record<string, unknown>[] = [];
  #offset: string | undefined;
  socket: SocketClient | undefined;

  constructor(client: RunClient) {
    this.#client = client;
  }

  /** Connects; what an earlier connection sent and nobody took does not count. */
  async connect(): Promise<void> {
    this.leave();
    this.socket = await connect(this.#client, this.#offset === undefined ? "" : `?offset=${this.#offset}`);
  }

  leave(): void {
    this.socket?.leave();
    this.socket = undefined;
  }

  /** Takes a message while not all of so many entries came. */
  async hear(total: number): Promise<void> {
    if (!this.socket || this.#seen.length >= total) return;
    this.#seen.push(...((await this.socket.next()).entries ?? []));
    this.#offset = this.socket.lastOffset;
  }

  /** Takes a message and acknowledges it. */
  async read(total: number): Promise<void> {
    await this.hear(total);
    if (this.socket?.lastOffset !== undefined) this.socket.acknowledge();
  }

  /** Everything, after a last connection. */
  async finish(): Promise<Record<string, unknown>[]> {
    await this.connect();
    for (let message = await this.socket?.next(); message?.entries; message = await this.socket?.next()) {
      this.#seen.push(...message.entries);
    }
    return this.#seen;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a run's stream over WebSocket", () => {
  test("sends what was and what comes, byte for byte, and closes with the run", async () => {
    const client = await createRunClient();
    await client.appendText('{"entries": [{"z": 1.0, "a": "\\u00e9 \u{1F600}\uFEFF", "z": 1e5}, {}]}');
    const socket = await connect(client, "?offset=0000000000000001");
    expect(await socket.text()).toBe(
      '{"type":"entries","offset":"0000000000000003","entries":[{"z": 1.0, "a": "\\u00e9 \u{1F600}\uFEFF", "z": 1e5},{}]}',
    );
    await client.append({ live: true });
    expect(await socket.next()).toEqual({ type: "entries", offset: "0000000000000004", entries: [{ live: true }] });
    await client.patch({ status: "completed" });
    // Not acknowledged: the server may have closed already.
    expect(await socket.take(1, false)).toMatchObject([{ status: "completed" }]);
    expect(await socket.text()).toBe('{"type":"stream-end","status":"complete"}');
    expect(await inTime(socket.closed, "the close")).toBe(1000);
  });

  test("opens by a stream token in the query, and by no other run's", async () => {
    const [client, other] = [await createRunClient(), await createRunClient()];
    const { token } = await read<{ token: string }>(client.onRun("/stream_token"));
    const open = (run: RunClient) => call(pathOf(run, `?stream_token=${token}`), { headers: { Upgrade: "websocket" } });
    expect((await new SocketClient(await open(client)).take(1))[0]).toMatchObject({ type: "task_run_state" });
    expect((await open(other)).status).toBe(401);
    expect((await call(pathOf(other), upgrade(client))).status).toBe(404);
  });

  test("tells at once where it is to who wants only what is new, so that a break before the first entry loses none", async () => {
    const client = await createRunClient();
    await client.append({ n: 1 });
    const socket = await connect(client, "?start=latest");
    expect(await socket.next()).toEqual({ type: "entries", offset: "0000000000000002", entries: [] });
    socket.acknowledge();
    socket.leave();
    await client.append({ n: 2 });
    const again = await connect(client, `?start=latest&offset=${socket.lastOffset}`);
    expect(await again.take(1)).toEqual([{ n: 2 }]);
  });

  test("goes on after the object slept, from where each client was", async () => {
    const client = await createRunClient();
    const sockets = [await connect(client), await connect(client, "?start=latest")];
    for (const socket of sockets) expect((await socket.take(1)).every(isState)).toBe(true);
    for (const n of [1, 2, 3]) {
      await hibernate(client.runId);
      await client.append({ n });
      for (const socket of sockets) expect(await socket.take(1)).toEqual([{ n }]);
    }
    await hibernate(client.runId);
    await client.patch({ status: "failed" });
    for (const socket of sockets) {
      await socket.take(1, false);
      expect(await inTime(socket.closed, "the close")).toBe(1000);
    }
  });

  test("answers pings without the object, also while it sleeps", async () => {
    const client = await createRunClient();
    const socket = await connect(client);
    await socket.take(1);
    await hibernate(client.runId);
    socket.send("ping");
    expect(await socket.text()).toBe("pong");
  });

  test("stops before a client that acknowledges nothing, sends the others everything, and goes on with the first ack", async () => {
    const client = await createRunClient();
    const [slow, fast] = [await connect(client), await connect(client)];
    await slow.take(1);
    await fast.take(1);
    const text = "x".repeat(10_000);
    const entries = numbersTo(100).map((entry) => ({ ...entry, text }));
    for (let start = 0; start < entries.length; start += 10) await client.append(...entries.slice(start, start + 10));
    expect(await fast.take(100)).toEqual(entries);
    const taken: Record<string, unknown>[] = [];
    while (slow.waiting > 0) taken.push(...((await slow.next()).entries ?? []));
    expect(JSON.stringify(taken).length).toBeLessThan(400_000);
    await hibernate(client.runId);
    slow.acknowledge();
    taken.push(...(await slow.take(100 - taken.length)));
    expect(taken).toEqual(entries);
  });

  test("gives up on a client that acknowledges nothing for two minutes", async () => {
    const client = await createRunClient();
    const [socket, other] = [await connect(client), await connect(client)];
    await socket.take(1);
    await other.take(1);
    const text = "x".repeat(300_000);
    await client.append({ n: 1, text });
    await socket.take(1, false);
    await client.append({ n: 2, text });
    // What one has was held back from the other in the same round.
    await other.take(2);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 121_000);
    await client.append({ n: 3 });
    expect(await inTime(socket.closed, "the close")).toBe(4002);
    const again = await connect(client, `?offset=${socket.lastOffset}`);
    expect(await again.take(2)).toEqual([{ n: 2, text }, { n: 3 }]);
  });

  test("closes on an unknown offset with the place to begin anew, and on messages that are none", async () => {
    const client = await createRunClient();
    const lost = await connect(client, "?offset=0000000000000009");
    expect(await lost.next()).toEqual({ type: "resync", offset: "0000000000000000" });
    expect(await inTime(lost.closed, "the close")).toBe(4000);
    const again = await connect(client, `?offset=${lost.lastOffset}`);
    expect(await again.take(1)).toHaveLength(1);
    for (const message of [
      "{",
      "[]",
      '{"type":"ack","offset":"1"}',
      '{"type":"ack","offset":"0000000000000009"}',
      "x".repeat(300),
    ]) {
      const socket = await connect(client);
      await socket.next();
      socket.send(message);
      expect(await inTime(socket.closed, "the close"), message).toBe(4001);
    }
  });

  test("asks a client to connect again whose attachment another release wrote, and serves the others", async () => {
    const client = await createRunClient();
    const [strange, known] = [await connect(client), await connect(client)];
    for (const socket of [strange, known]) await socket.take(1);
    // Asleep, so that nothing which is still under way writes the attachment anew.
    await hibernate(client.runId);
    await runInDurableObject(objectOf(client.runId), (_, state) => {
      state.getWebSockets().at(-1)?.serializeAttachment({ role: "viewer", place: 7 });
    });
    await hibernate(client.runId);
    await client.append({ n: 1 });
    const [first, second] = [strange, known].map((socket) => Promise.race([socket.closed, socket.take(1, false)]));
    expect([await first, await second].map(String).sort()).toEqual(["1011", "[object Object]"]);
  });

  test("counts among the run's readers", async () => {
    const client = await createRunClient();
    const open = () => callConfigured({ RUN_STREAM_MAX_READERS: "1" }, pathOf(client), upgrade(client));
    const socket = new SocketClient(await open());
    await socket.take(1);
    const refused = await open();
    expect([refused.status, await refused.json()]).toEqual([
      503,
      { error: "This run has as many readers as it may have." },
    ]);
    socket.leave();
    await eventually(async () => new SocketClient(await open()));
  });

  test("gives each reader each entry once and in order, whatever is interrupted", async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("append"), count: fc.integer({ min: 1, max: 20 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("sleep", "lose") }) },
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constantFrom("connect", "leave", "read", "hear"), reader: fc.nat(2) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array<Step>(step, { minLength: 8, maxLength: 25 }), async (steps) => {
        const client = await createRunClient();
        const readers = Array.from({ length: 3 }, () => new Reader(client));
        let appended = 0;
        for (const { kind, count = 1, reader = 0 } of steps) {
          if (kind === "append") {
            await client.append(...numbersTo(count, appended + 1));
            appended += count;
          } else if (kind === "sleep") {
            // One that does not run cannot be sent to sleep.
            await client.readRun();
            await hibernate(client.runId);
          } else if (kind === "lose") {
            await loseObject(client.runId);
            for (const lost of readers) lost.socket = undefined;
          } else {
            await readers[reader]?.[kind](appended + 1);
          }
        }
        await client.patch({ status: "completed" });
        for (const reader of readers)
          expect((await reader.finish()).filter((entry) => !isState(entry))).toEqual(numbersTo(appended));
      }),
      { numRuns: 12 },
    );
  });

  test("is the same order for all, and the log's", async () => {
    const client = await createRunClient();
    const sockets = [await connect(client), await connect(client)];
    await Promise.all(numbersTo(50).map((entry) => client.append(entry)));
    const [first, second] = await Promise.all(sockets.map((socket) => socket.take(51)));
    expect(first?.slice(1)).toEqual(parseLines(await client.logs()));
    expect(second).toEqual(first);
  });
});
