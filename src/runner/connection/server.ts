import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds for one exchange, and between attempts at one. */
const EXCHANGE_MS = 120_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
/** Bytes a second that an upload may rely on. */
const SLOWEST_BYTES_PER_SECOND = 100_000;
/** Characters of an answer that a failure repeats. */
const SHOWN_CHARACTERS = 500;

/** The server refused a request for good. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  readonly status: number;

  constructor(what: string, status: number, text: string) {
    super(`${what} answered ${status}: ${text.slice(0, SHOWN_CHARACTERS)}`);
    this.status = status;
  }
}

/** A Taskyard server as one token reaches it. */
export class Server {
  /** `https://…`, without a slash at the end. */
  readonly url: string;
  /** Never printed. */
  readonly token: string;
  readonly #onRetry: (failure: string) => void;

  /** `onRetry` is told of each exchange that failed and is tried again. */
  constructor(url: string, token: string, onRetry: (failure: string) => void = () => undefined) {
    this.url = url.replace(/\/+$/, "");
    this.token = token;
    this.#onRetry = onRetry;
  }

  /** The URL of a WebSocket. */
  socketUrl(path: string): string {
    return `${this.url.replace(/^http/, "ws")}${path}`;
  }

  /** Sends JSON, again where the server or the network fails; throws RequestRefused for what it refuses. */
  async send(
    method: string,
    path: string,
    json: unknown,
    signal: AbortSignal,
    more: Record<string, string> = {},
  ): Promise<unknown> {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...more };
    const body = json === undefined ? null : JSON.stringify(json);
    const text = await this.#repeat(
      `${method} ${path}`,
      this.url + path,
      { method, headers, body },
      EXCHANGE_MS,
      signal,
    );
    return JSON.parse(text);
  }

  /** Posts a form that the server has signed, in the same way; it comes with its own right to be posted, and no token. */
  async postForm(url: string, form: FormData, bytes: number, signal: AbortSignal): Promise<void> {
    const milliseconds = EXCHANGE_MS + (1000 * bytes) / SLOWEST_BYTES_PER_SECOND;
    await this.#repeat("An upload's form", url, { method: "POST", body: form }, milliseconds, signal);
  }

  /** `what` stands in failures for the request, since a URL may hold signatures. */
  async #repeat(
    what: string,
    url: string,
    init: RequestInit,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
      try {
        return await exchange(what, url, { ...init, signal: limited });
      } catch (error) {
        const wait = RETRY_MS[attempt];
        if (signal.aborted || error instanceof RequestRefused || wait === undefined) throw error;
        this.#onRetry(`${describe(error)}; trying again in ${wait / 1_000} s`);
        await sleep(wait, undefined, { signal });
      }
    }
  }
}

/** A failure of the network hides its reason in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function exchange(what: string, url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, { ...init, redirect: "error" });
  const text = await response.text();
  if (response.ok) return text;
  const isPassing = response.status >= 500 || response.status === 429 || response.status === 408;
  throw isPassing ? new Error(`${what} answered ${response.status}`) : new RequestRefused(what, response.status, text);
}
