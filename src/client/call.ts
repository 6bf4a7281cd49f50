import { isErrorBody, makeError, NetworkError, readError, TaskyardError } from "./errors.ts";
import { randomId } from "./random-id.ts";
import { pauseBefore, sleep } from "./retry.ts";
import type { Taskyard } from "./taskyard.ts";

/** A body that is sent as it is. A stream is sent once and never again: such a request is not repeated. */
export type Bytes = string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | FormData | ReadableStream<Uint8Array>;

/** What an operation answers with: the body of any of its successes. */
export type Result<Responses> = Responses[keyof Responses];

/** What every call takes beside what its operation does. */
export interface CallSettings {
  /** Aborts the request, and the pause before it is repeated; the call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How often the request is repeated where that is safe, in place of the client's own. */
  retries?: number | undefined;
}

interface OperationData {
  url: string;
  body?: unknown;
  headers?: object;
  path?: object;
  query?: object;
}

/** The options of an operation: its `path`, `query`, `headers` (those that it names, and others) and `body`, and the settings of a call. */
export type CallOptions<Data extends OperationData, Body = Data["body"]> = CallSettings & {
  headers?: Readonly<Record<string, string | undefined>>;
} & {
  [Field in keyof Data as Exclude<Field, "url">]: Field extends "body" ? Body : Data[Field];
};

/** What the OpenAPI document says of an operation beside its method and path. */
interface How {
  /** The media type of a body that is no JSON. */
  type?: string;
  /** Takes an `Idempotency-Key`: one is sent, the same with every try, and so it is safe to repeat. */
  keyed?: boolean;
  /** Does no more when it is repeated, though its method does not say so. */
  repeatable?: boolean;
  /** `path` is a whole URL, which carries its own permission: no key is sent. */
  isLink?: boolean;
}

type Options = CallSettings & Partial<Omit<OperationData, "url">>;

/** Methods that do no more when they are repeated. */
const REPEATABLE_METHODS = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** Calls an operation and returns the body of its answer: parsed JSON, or undefined where there is none. */
export async function call<T>(
  client: Taskyard,
  method: string,
  path: string,
  options: Options = {},
  how: How = {},
): Promise<T> {
  return await attempt(client, { method, path, options, how }, async (response, request) => {
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    if (isErrorBody(body)) throw makeError(response, request, body);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the document says that the operation answers
    return body as T;
  });
}

/** Calls an operation and returns its answer with the body unread: for bytes, ranges and headers. 304 is an answer too. */
export async function open(
  client: Taskyard,
  method: string,
  path: string,
  options: Options = {},
  how: How = {},
): Promise<Response> {
  return await attempt(client, { method, path, options, how }, (response) => Promise.resolve(response));
}

interface Operation {
  method: string;
  path: string;
  options: Options;
  how: How;
}

/** Sends the request until it succeeds, fails for good, or was repeated as often as it may be. */
async function attempt<T>(
  client: Taskyard,
  { method, path, options, how }: Operation,
  read: (response: Response, request: string) => Promise<T>,
): Promise<T> {
  const { signal, retries = client.retries } = options;
  const url = how.isLink ? path : (await writeUrl(client, path, options.path)) + writeQuery(options.query);
  const request = `${method} ${new URL(url).pathname}`;
  const init = await writeInit(client, method, options, how);
  const isStream = options.body instanceof ReadableStream;
  const isRepeatable = !isStream && (REPEATABLE_METHODS.has(method) || how.keyed === true || how.repeatable === true);
  for (let failures = 1; ; failures += 1) {
    let failure: TaskyardError;
    try {
      signal?.throwIfAborted();
      const response = await client.fetch(url, init);
      if (response.ok || response.status === 304) return await read(response, request);
      failure = await readError(response, request);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TaskyardError) throw error;
      failure = new NetworkError(`${request} got no answer: ${messageOf(error)}`, {
        code: "network_error",
        request,
        cause: error,
      });
    }
    const pause = failures > retries || isStream ? null : pauseBefore(failures, failure, isRepeatable);
    if (pause === null) throw failure;
    await sleep(pause, signal);
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function writeInit(
  client: Taskyard,
  method: string,
  { body, headers: own = {}, signal }: Options,
  how: How,
): Promise<RequestInit> {
  const headers = new Headers(client.headers);
  const key = how.isLink ? undefined : await client.apiKey();
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  if (how.keyed) headers.set("Idempotency-Key", randomId());
  // A form says itself where its parts end.
  if (body !== undefined && !(body instanceof FormData)) headers.set("Content-Type", how.type ?? "application/json");
  for (const [name, value] of Object.entries(own)) if (value !== undefined) headers.set(name, String(value));
  return {
    method,
    headers,
    ...(signal && { signal }),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Bytes, where the operation takes no JSON
    ...(body !== undefined && { body: how.type === undefined ? JSON.stringify(body) : (body as BodyInit) }),
    // Node.js asks for it where a stream is sent.
    ...(body instanceof ReadableStream && { duplex: "half" }),
  };
}

/** The URL of an operation; what the call leaves out of the path comes from the client. */
export async function writeUrl(client: Taskyard, path: string, values: object = {}): Promise<string> {
  const given: Record<string, unknown> = { ...values };
  let url = client.url;
  for (const [index, piece] of path.split(/\{(\w+)\}/).entries()) {
    url += index % 2 === 0 ? piece : writeSegment(piece, given[piece] ?? (await clientsOwn(client, piece)));
  }
  return url;
}

async function clientsOwn(client: Taskyard, name: string): Promise<string | undefined> {
  if (name === "org") return await client.organization();
  if (name === "ws") return client.workspace;
  return name === "project_id" ? client.project : undefined;
}

function writeSegment(name: string, value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number") throw new TypeError(`path.${name} is missing`);
  const text = String(value);
  // A path of a file spans slashes; URLs drop segments that are dots, and would lead elsewhere.
  const segments = name === "path" ? text.split("/") : [text];
  if (text === "" || segments.some((segment) => segment === "." || segment === ".."))
    throw new TypeError(`path.${name} cannot be "${text}"`);
  return segments.map(encodeURIComponent).join("/");
}

export function writeQuery(query: object = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) parameters.append(name, String(each));
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
