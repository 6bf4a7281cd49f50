import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds for one exchange, and between attempts at one. */
const EXCHANGE_MS = 120_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
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

  constructor(url: string, token: string) {
    this.url = url.replace(/\/+$/, "");
    this.token = token;
  }

  /** The URL of a WebSocket. */
  socketUrl(path: string): string {
    return `${this.url.replace(/^http/, "ws")}${path}`;
  }

  /** Sends JSON, again where the server or the network fails; throws RequestRefused for what it refuses. */
  async send(method: string, path: string, json: unknown, signal: AbortSignal): Promise<unknown> {
    for (const wait of [...RETRY_MS, undefined]) {
      try {
        return await this.#exchange(method, path, json, signal);
      } catch (error) {
        if (signal.aborted || error instanceof RequestRefused || wait === undefined) throw error;
        await sleep(wait, undefined, { signal });
      }
    }
    return undefined;
  }

  async #exchange(method: string, path: string, json: unknown, signal: AbortSignal): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: json === undefined ? null : JSON.stringify(json),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(EXCHANGE_MS)]),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    const what = `${method} ${path}`;
    const isPassing = response.status >= 500 || response.status === 429 || response.status === 408;
    throw isPassing
      ? new Error(`${what} answered ${response.status}`)
      : new RequestRefused(what, response.status, text);
  }
}
