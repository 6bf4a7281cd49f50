import { randomUUID } from "node:crypto";
import { z } from "zod";
import { writeEntries } from "../entries.ts";
import type { Target } from "../target.ts";
import { Connection } from "./connection.ts";
import type { Transport } from "./readers.ts";

const identified = z.object({ id: z.string() });

/** Where to begin reading: at the first entry, at what is new, or after an offset that the system gave out. */
export type Start = "first" | "latest" | { after: string };

/** How one system is asked for what all of them do. Requests are whole texts of HTTP/1.1. */
export interface Protocol {
  /** Makes a stream and answers its path. */
  create(): Promise<string>;
  /** Appends `count` entries of one time from number `first` on. */
  append(stream: string, first: number, count: number, time: number): string;
  /** Opens the stream. */
  open(stream: string, start: Start, transport: Transport): string;
  /** Reads the whole log as one answer; undefined where there is no such operation. */
  log(stream: string): string | undefined;
  /** The offset after the last entry of an append, where its answer or number tells it. */
  offsetAfter(last: number, head: string): string;
  /** Lets go of a stream; undefined where streams stay. */
  remove(stream: string): string | undefined;
}

export function protocolOf(target: Target): Protocol {
  switch (target.kind) {
    case "taskyard":
      return taskyard(target);
    case "redis":
      return redis(target);
    case "durable-streams":
      return durableStreams(target);
    case "bare":
      return bare();
    default:
      return target.kind satisfies never;
  }
}

/** Sends one request on a connection of its own and answers with its status and body. */
export async function ask(target: Target, request: string): Promise<{ status: number; body: string }> {
  const connection = new Connection(target);
  let body = "";
  const status = await connection.request(request, (bytes, start, end) => {
    body += Buffer.from(bytes.subarray(start, end)).toString();
  });
  connection.destroy();
  return { status, body };
}

function request(method: string, path: string, headers: readonly string[], body?: string): string {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
  return [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1", ...headers, ...length, "", body ?? ""].join("\r\n");
}

function taskyard(target: Target): Protocol {
  const runs = `/api/projects/@current/tasks/${target.task}/runs`;
  const key = `Authorization: Bearer ${target.key}`;
  const json = [key, "Content-Type: application/json"];
  const upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  return {
    create: async () => {
      const { status, body } = await ask(target, request("POST", `${runs}/`, json, "{}"));
      if (status !== 201) throw new Error(`no run could be made: ${status} ${body}`);
      const { id } = identified.parse(JSON.parse(body));
      return `${runs}/${id}`;
    },
    append: (stream, first, count, time) =>
      request("POST", `${stream}/append_log/`, json, `{"entries":[${writeEntries(first, count, time, ",")}]}`),
    open: (stream, start, transport) => {
      const query = start === "first" ? "" : start === "latest" ? "?start=latest" : `?offset=${start.after}`;
      const socket = [...upgrade, `Sec-WebSocket-Key: ${Buffer.from(randomUUID().slice(0, 16)).toString("base64")}`];
      return request("GET", `${stream}/stream/${query}`, [key, ...(transport === "socket" ? socket : [])]);
    },
    log: (stream) => request("GET", `${stream}/logs/`, [key]),
    // The run's first state is entry 1 of its stream.
    offsetAfter: (last) => String(last + 1).padStart(16, "0"),
    remove: () => undefined,
  };
}

function redis({ key }: Target): Protocol {
  const headers = key === undefined ? [] : [`Authorization: Bearer ${key}`];
  return {
    create: () => Promise.resolve(`/streams/${randomUUID()}`),
    append: (stream, first, count, time) => request("POST", stream, headers, writeEntries(first, count, time, "\n")),
    open: (stream, start) => {
      const after = start === "first" ? "0-0" : start === "latest" ? "$" : start.after;
      return request("GET", `${stream}?after=${after}`, headers);
    },
    log: () => undefined,
    offsetAfter: (_last, head) => headerOf(head, "last-id"),
    remove: (stream) => request("DELETE", stream, headers),
  };
}

function bare(): Protocol {
  return {
    create: () => Promise.resolve(`/${randomUUID()}`),
    append: (stream, first, count, time) => request("POST", stream, [], `${writeEntries(first, count, time, "\n")}\n`),
    open: (stream, start) => request("GET", `${stream}?after=${start === "latest" ? "latest" : "first"}`, []),
    log: (stream) => request("GET", `${stream}?log`, []),
    offsetAfter: (last) => String(last),
    remove: () => undefined,
  };
}

function durableStreams(target: Target): Protocol {
  const json = ["Content-Type: application/json"];
  return {
    create: async () => {
      const path = `/streams/${randomUUID()}`;
      const { status, body } = await ask(target, request("PUT", path, json, ""));
      if (status !== 201) throw new Error(`no stream could be made: ${status} ${body}`);
      return path;
    },
    append: (stream, first, count, time) => request("POST", stream, json, `[${writeEntries(first, count, time, ",")}]`),
    open: (stream, start) => {
      const offset = start === "first" ? "-1" : start === "latest" ? "now" : start.after;
      return request("GET", `${stream}?offset=${offset}&live=sse`, []);
    },
    log: (stream) => request("GET", `${stream}?offset=-1`, []),
    offsetAfter: (_last, head) => headerOf(head, "stream-next-offset"),
    remove: (stream) => request("DELETE", stream, []),
  };
}

function headerOf(head: string, name: string): string {
  const [, value] = new RegExp(String.raw`\r\n${name}: (\S+)\r\n`, "i").exec(head) ?? [];
  if (value === undefined) throw new Error(`an answer has no ${name}`);
  return value;
}
