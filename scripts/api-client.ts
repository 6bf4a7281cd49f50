import { PlainError } from "./command.ts";

/** Milliseconds for one whole exchange with a local server. */
const EXCHANGE_TIMEOUT_MS = 60_000;
/** Characters of an answer that a failure shows. */
const SHOWN_CHARACTERS = 2_000;

/** Where to call, as whom, until when. */
export interface ApiAccess {
  baseUrl: string;
  /** API key, or the bootstrap secret; sent as a Bearer token and never printed. Null where a link needs none. */
  key: string | null;
  signal: AbortSignal;
}

export interface ApiRequest {
  method: string;
  /** Begins with `/`. */
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  bytes?: Uint8Array<ArrayBuffer>;
  /** The status that the answer must have. */
  expect: number;
}

export interface ApiAnswer {
  status: number;
  /** Such as `OK`. */
  statusText: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
  /** From sending the request until the last byte of the answer. */
  milliseconds: number;
}

/** Sends one request. Throws PlainError with the request and the answer unless the status is the expected one. */
export async function callApi(access: ApiAccess, request: ApiRequest): Promise<ApiAnswer> {
  const { method, json, bytes } = request;
  const url = access.baseUrl + request.path;
  const headers = new Headers(request.headers);
  if (access.key !== null) headers.set("Authorization", `Bearer ${access.key}`);
  if (json !== undefined) headers.set("Content-Type", "application/json");
  const body = json === undefined ? bytes : JSON.stringify(json);
  const started = performance.now();
  let answer: ApiAnswer;
  try {
    const signal = AbortSignal.any([access.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT_MS)]);
    const response = await fetch(url, { method, headers, signal, redirect: "manual", ...(body && { body }) });
    answer = {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
      body: new Uint8Array(await response.arrayBuffer()),
      milliseconds: performance.now() - started,
    };
  } catch (error) {
    access.signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    throw new PlainError(`${method} ${url}\ngot no answer: ${String(error)}${cause}`);
  }
  if (answer.status === request.expect) return answer;
  throw new PlainError(
    `${method} ${url}\nanswered ${answer.status} ${answer.statusText}, expected ${request.expect}:\n${textOf(answer).slice(0, SHOWN_CHARACTERS)}`,
  );
}

/** The answer's body as text. */
export function textOf(answer: ApiAnswer): string {
  return new TextDecoder().decode(answer.body);
}

/** The answer's body as JSON, to be checked by the caller's schema. */
export function jsonOf(answer: ApiAnswer): unknown {
  return JSON.parse(textOf(answer));
}
