import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { v4 as uuid } from "uuid";
import { expect } from "vitest";
import { PING, type PoolMessage, poolMessage, type RunnerMessage } from "../../src/pool/pool-protocol.ts";
import { inTime } from "../stream/event-client.ts";
import { call, type Tenant } from "../tenant.ts";
import { eventually } from "../eventually.ts";

type Granted = Extract<PoolMessage, { type: "grant" }>;

/** A runner as its pool sees it, which does nothing with the work that it is given. */
export class RunnerClient {
  readonly id: string;
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #messages: PoolMessage[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(response: Response, id: string) {
    if (!response.webSocket) throw new Error(`No WebSocket: ${response.status}`);
    this.id = id;
    this.#socket = response.webSocket;
    this.#socket.accept();
    this.#socket.addEventListener("message", ({ data }) => {
      this.#messages.push(poolMessage.parse(JSON.parse(String(data))));
      this.#arrived.resolve();
    });
    this.closed = new Promise((resolve) => this.#socket.addEventListener("close", ({ code }) => resolve(code)));
  }

  send(message: RunnerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  ping(): void {
    this.#socket.send(PING);
  }

  async next(): Promise<PoolMessage> {
    while (this.#messages.length === 0) {
      this.#arrived = Promise.withResolvers();
      await inTime(this.#arrived.promise, "a message of the pool");
    }
    const message = this.#messages.shift();
    if (!message) throw new Error("The message is gone");
    return message;
  }

  /** The next message, which has to be of this type. */
  async take<Type extends PoolMessage["type"]>(type: Type): Promise<Extract<PoolMessage, { type: Type }>> {
    const message = await this.next();
    if (message.type !== type) throw new Error(`Expected ${type}: ${JSON.stringify(message)}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared above
    return message as Extract<PoolMessage, { type: Type }>;
  }

  /** Takes the next offer, and has the work. */
  async work(): Promise<Granted> {
    const { work_id } = await this.take("offer");
    this.send({ type: "claim", work_id });
    return this.take("grant");
  }

  /** Everything that has come until the answer to a question that is always answered. */
  async drain(): Promise<PoolMessage[]> {
    this.send({ type: "claim", work_id: "nothing" });
    const messages: PoolMessage[] = [];
    for (let message = await this.next(); ; message = await this.next()) {
      if (message.type === "taken" && message.work_id === "nothing") return messages;
      messages.push(message);
    }
  }

  leave(): void {
    this.#socket.close(1000, "done");
  }
}

interface Hello {
  id?: string;
  slots?: number;
  labels?: string[];
  capabilities?: string[];
  holds?: string[];
}

/** Connects without a hello. */
export async function connect(tenant: Tenant, key?: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${key ?? (await tenant.makeKey(["runner"]))}`, Upgrade: "websocket" };
  return call(`/api/v1/org/${tenant.org}/runners/connect`, { headers });
}

/** A runner that has been welcomed. */
export async function startRunner(tenant: Tenant, hello: Hello = {}) {
  const { id = uuid(), slots = 1, labels = [], capabilities = [], holds = [] } = hello;
  const runner = new RunnerClient(await connect(tenant), id);
  const kinds: ("run" | "environment")[] = ["run", "environment"];
  const known = { runner_id: id, name: "test", slots, labels, capabilities, kinds, holds };
  runner.send({ type: "hello", protocol: 1, ...known });
  const welcome = await runner.take("welcome");
  return Object.assign(runner, { welcome });
}

function poolOf(tenant: Tenant) {
  return env.RUNNERS.getByName(tenant.id);
}

/** Lets so much time pass that no runner was heard of during its lease, until nobody holds work any more. */
export async function letLeasesEnd(tenant: Tenant): Promise<void> {
  const pass = async () => {
    await runInDurableObject(poolOf(tenant), (_, { storage: { sql } }) => {
      sql.exec("UPDATE runners SET heard_at = heard_at - 1000000");
      sql.exec("UPDATE timers SET due = 0 WHERE name = 'leases'");
    });
    await runDurableObjectAlarm(poolOf(tenant));
    // The pool may just have given work away, or be hearing that a connection is gone.
    return runInDurableObject(poolOf(tenant), (_, { storage: { sql } }) =>
      sql.exec("SELECT id FROM work WHERE runner_id IS NOT NULL").toArray(),
    );
  };
  await eventually(async () => expect(await pass()).toEqual([]));
}

/** Lets the time come at which the pool looks whether the keys of its runners are still good. */
export async function letKeysBeLookedAt(tenant: Tenant): Promise<void> {
  await runInDurableObject(poolOf(tenant), (_, { storage }) => {
    storage.sql.exec("UPDATE timers SET due = 0 WHERE name = 'keys'");
  });
  await runDurableObjectAlarm(poolOf(tenant));
}
