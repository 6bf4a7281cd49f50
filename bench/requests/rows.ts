import { zipSync } from "fflate";
import { z } from "zod";
import { type ApiRequest, callApi, jsonOf } from "../../scripts/api-client.ts";
import type { Workers } from "./workers.ts";

/** One request, as the connection sends it. */
export interface Request {
  readonly base: URL;
  readonly text: string;
}

/** An operation beside the bare Worker that does what it cannot do without. */
export interface Row {
  readonly name: string;
  readonly floor: string;
  /** What the time of ours may be, of the bare Worker's. */
  readonly goal: number;
  readonly ours: Request;
  readonly bare: Request;
}

/** Tasks of the list, and files of the archive. */
const TASKS = 10;
const FILES = 100;

const created = z.object({ api_key: z.object({ key: z.string() }) });
const identified = z.object({ id: z.string() });

function requestOf(base: URL, method: string, path: string, key = "", body = ""): Request {
  const authorization = key === "" ? "" : `Authorization: Bearer ${key}\r\n`;
  const content = body === "" ? "" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return { base, text: `${method} ${path} HTTP/1.1\r\nHost: ${base.host}\r\n${authorization}${content}\r\n${body}` };
}

function entries(count: number): string {
  const entry = { type: "notification", notification: { method: "session/update", params: { text: "x".repeat(100) } } };
  return JSON.stringify({ entries: Array.from({ length: count }, () => entry) });
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

function archive(): Uint8Array<ArrayBuffer> {
  const manifest = {
    name: "sample",
    version: "1.0.0",
    instruction: "Write the answer to /tmp/answer.",
    description: "A sample.",
    source: "bench",
    solution: { script: "solution.sh" },
    verification: { method: "script", script: "verify.sh" },
  };
  const data = Array.from({ length: FILES }, (_, index) => [`data/${index}.txt`, text(`line ${index}\n`)] as const);
  const files = {
    "task.yaml": text(JSON.stringify(manifest)),
    "verify.sh": text("exit 0\n"),
    "solution.sh": text("echo 42 > /tmp/answer\n"),
    ...Object.fromEntries(data),
  };
  return new Uint8Array(zipSync(files));
}

/** Makes what the operations read, and says how each is asked. */
export async function makeRows({ ours, bare, bootstrapSecret }: Workers, signal: AbortSignal): Promise<Row[]> {
  const baseUrl = ours.origin;
  const organization = await callApi(
    { baseUrl, signal, key: bootstrapSecret },
    {
      method: "POST",
      path: "/api/v1/organizations",
      json: { key: "bench", name: "Bench", owner: { username: "bench", email: "bench@example.com" } },
      expect: 201,
    },
  );
  const { key } = created.parse(jsonOf(organization)).api_key;
  const call = (request: ApiRequest) => callApi({ baseUrl, signal, key }, request);
  const tasks = "/api/projects/@current/tasks";
  const makeOne = async (path: string, json: object): Promise<string> =>
    identified.parse(jsonOf(await call({ method: "POST", path, json, expect: 201 }))).id;
  let task = "";
  for (let count = 0; count < TASKS; count += 1) {
    task = await makeOne(`${tasks}/`, { title: `Task ${count}`, description: "A task of the benchmark" });
  }
  const run = await makeOne(`${tasks}/${task}/runs/`, { environment: "local", status: "in_progress" });
  const logged = await makeOne(`${tasks}/${task}/runs/`, { environment: "local", status: "in_progress" });
  await call({
    method: "PUT",
    path: "/api/v1/org/bench/tasks/sample/versions/1.0.0",
    bytes: archive(),
    headers: { "Content-Type": "application/zip" },
    expect: 201,
  });

  const own = (method: string, path: string, body?: string) => requestOf(ours, method, path, key, body);
  const query = { floor: "one D1 query", bare: requestOf(bare, "GET", `/query/${task}`) };
  const append = (count: number) => ({
    floor: "object, fsync",
    ours: own("POST", `${tasks}/${task}/runs/${logged}/append_log/`, entries(count)),
    bare: requestOf(bare, "POST", `/object/log-${count}`, "", entries(count)),
  });
  return [
    { name: "GET task", goal: 1.25, ours: own("GET", `${tasks}/${task}/`), ...query },
    { name: `list of ${TASKS} tasks`, goal: 1.5, ours: own("GET", `${tasks}/`), ...query },
    {
      name: `list of ${FILES + 3} files, archive cached`,
      goal: 1.5,
      ours: own("GET", "/api/v1/org/bench/tasks/sample/files"),
      ...query,
    },
    {
      name: `list of ${TASKS} tasks, beside its query`,
      goal: 1.25,
      ours: own("GET", `${tasks}/`),
      floor: "the list's query",
      bare: requestOf(bare, "GET", "/list"),
    },
    {
      name: "GET run",
      goal: 3,
      ours: own("GET", `${tasks}/${task}/runs/${run}/`),
      floor: "one object call",
      bare: requestOf(bare, "GET", "/object/run"),
    },
    { name: "append 1", goal: 1.25, ...append(1) },
    { name: "append 100", goal: 1.4, ...append(100) },
  ];
}
