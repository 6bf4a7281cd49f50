import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Stream } from "../../src/streams/object/stream-object.ts";
import { callConfigured } from "../configured.ts";
import { inTime } from "../stream/event-client.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";

export interface StreamRequest {
  method?: string;
  key?: string;
  body?: BodyInit;
  headers?: Record<string, string>;
  /** Settings beside those of all tests. */
  settings?: Record<string, unknown>;
}

/** A tenant with the number of its project. */
export interface StreamClient extends Tenant {
  number: number;
  /** Calls a path below `/api/projects/@current/v1/stream`. */
  send: (path: string, request?: StreamRequest) => Promise<Response>;
  /** Makes a stream; fails unless it is made. */
  make: (name: string, body?: string, headers?: Record<string, string>) => Promise<Response>;
  /** Appends; returns the answer whatever it is. */
  append: (name: string, body: BodyInit, headers?: Record<string, string>) => Promise<Response>;
  objectOf: (name: string) => DurableObjectStub<Stream>;
}

export const TEXT = { "Content-Type": "text/plain" };
export const JSON_TYPE = { "Content-Type": "application/json" };

export async function createStreamClient(): Promise<StreamClient> {
  const tenant = await createTenant();
  const project = await tenant.api(`/org/${tenant.org}/ws/main/projects/default`);
  const { number } = await project.json<{ number: number }>();
  const send: StreamClient["send"] = (
    path,
    { method = "GET", key = tenant.adminKey, body, headers, settings } = {},
  ) => {
    const init = {
      method,
      headers: { Authorization: `Bearer ${key}`, ...headers },
      ...(body !== undefined && { body }),
    };
    const url = `/api/projects/@current/v1/stream${path}`;
    return settings ? callConfigured(settings, url, init) : call(url, init);
  };
  const make: StreamClient["make"] = async (name, body, headers = TEXT) => {
    const made = await send(`/${name}`, { method: "PUT", headers, ...(body !== undefined && { body }) });
    expect(made.status, await made.clone().text()).toBe(201);
    return made;
  };
  const append: StreamClient["append"] = (name, body, headers = TEXT) =>
    send(`/${name}`, { method: "POST", body, headers });
  const objectOf = (name: string) => env.STREAM.getByName(`${tenant.id}/${number}/${name}`);
  return { ...tenant, number, send, make, append, objectOf };
}

/** Expects a refusal in the envelope of agent tasks. */
export async function expectRefusal(answer: Response | Promise<Response>, status: number, code: string, detail = /./) {
  const response = await answer;
  const text = await response.text();
  expect(response.status, text).toBe(status);
  const told: { detail?: string; error?: string } = JSON.parse(text);
  expect(told.detail ?? told.error).toMatch(detail);
  if (told.detail !== undefined) expect(told).toMatchObject({ code });
}

/** Loses the object with what it has in memory. */
export async function loseStream(object: DurableObjectStub<Stream>): Promise<void> {
  await expect(runInDurableObject(object, (_, state) => state.abort("lost"))).rejects.toThrow("lost");
}

/** Lets the time of every timer come, and does what is due then. */
export async function runStreamAlarm(object: DurableObjectStub<Stream>): Promise<void> {
  await runInDurableObject(object, async (stream, { storage: { sql } }) => {
    sql.exec("UPDATE timers SET due = min(due, ?)", Date.now());
    await stream.alarm();
  });
}

/** An event of the protocol. */
export interface StreamEvent {
  event: string;
  data: string;
}

/** Reads server-sent events as the protocol writes them. */
export class ProtocolEvents {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #buffer = "";

  constructor(response: Response) {
    if (response.status !== 200 || !response.body) throw new Error(`No stream: ${response.status}`);
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event; undefined at the end of the connection. */
  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf("\n\n");
      if (end !== -1) {
        const [name = "", ...lines] = this.#buffer.slice(0, end).split("\n");
        this.#buffer = this.#buffer.slice(end + 2);
        return { event: name.replace("event: ", ""), data: lines.map((line) => line.slice("data:".length)).join("\n") };
      }
      const { done, value } = await inTime(this.#reader.read(), "an event");
      if (done) return undefined;
      this.#buffer += value;
    }
  }

  /** All that comes until the connection ends. */
  async rest(): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    for (let event = await this.next(); event; event = await this.next()) events.push(event);
    return events;
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}
