import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PoolClient } from "../../../src/runner/connection/pool-client.ts";
import { PING, PONG } from "../../../src/runner/connection/link.ts";
import { Server } from "../../../src/runner/connection/server.ts";

const LEASE_SECONDS = 45;

/** A connection whose other side is the test. */
class TestSocket extends EventTarget {
  static readonly OPEN = 1;
  static newest: TestSocket | undefined;
  /** Settles when the next one is made. */
  static next = Promise.withResolvers<TestSocket>();
  readyState = 0;
  readonly sent: string[] = [];

  constructor() {
    super();
    TestSocket.newest = this;
    TestSocket.next.resolve(this);
    TestSocket.next = Promise.withResolvers();
  }

  /** The pool takes it. */
  open(): void {
    this.readyState = TestSocket.OPEN;
    this.dispatchEvent(new Event("open"));
    this.tell({ type: "welcome", lease_seconds: LEASE_SECONDS, ping_seconds: LEASE_SECONDS / 3, gone: [] });
  }

  tell(message: object): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(message) }));
  }

  close(code = 1000): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  send(text: string): void {
    this.sent.push(text);
    if (text === PING) this.dispatchEvent(Object.assign(new Event("message"), { data: PONG }));
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("WebSocket", TestSocket);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A runner that holds a piece of work, and why that was stopped. */
function holdWork() {
  const stopped: string[] = [];
  const over = Promise.withResolvers<void>();
  const stop = (reason: string) => {
    stopped.push(reason);
    over.resolve();
  };
  const work = { finished: over.promise, stop };
  const pool = new PoolClient({
    server: new Server("http://127.0.0.1:9", "ty_none"),
    org: "local",
    name: "alone",
    slots: 1,
    labels: [],
    capabilities: [],
    kinds: ["run"],
    begin: () => work,
    say: () => undefined,
  });
  const running = pool.run();
  const socket = TestSocket.newest;
  socket?.open();
  socket?.tell({ type: "grant", work_id: "w", kind: "run", details: {} });
  const leave = async () => {
    const left = pool.leave(0);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all([left, running]);
  };
  return { socket, stopped, leave };
}

it("ends what it holds when its pool has not been reached for three leases, and not before", async () => {
  const { socket, stopped, leave } = holdWork();
  const next = TestSocket.next.promise;
  socket?.close(1006);
  await vi.advanceTimersByTimeAsync(3 * LEASE_SECONDS * 1000 - 1_000);
  expect(stopped).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(stopped).toEqual(["the lease was lost"]);
  const again = await next;
  again.open();
  const told = again.sent.map((text): unknown => JSON.parse(text));
  expect(told).toMatchObject([
    { type: "hello", holds: ["w"] },
    { type: "give_back", work_id: "w" },
  ]);
  await leave();
});

it("keeps what it holds when it has reached its pool again", async () => {
  const { socket, stopped, leave } = holdWork();
  const next = TestSocket.next.promise;
  socket?.close(1006);
  (await next).open();
  await vi.advanceTimersByTimeAsync(10 * LEASE_SECONDS * 1000);
  expect(stopped).toEqual([]);
  await leave();
});
