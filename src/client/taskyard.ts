import { listOwnOrganizations } from "./generated/operations.gen.ts";
import { TaskyardError } from "./errors.ts";

/** What `fetch` is to the client: the platform's own, or one with the same two arguments. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What the client needs of a WebSocket: the platform's own has more. */
export interface Socket {
  binaryType: string;
  send: (data: string | Uint8Array<ArrayBuffer>) => void;
  close: (code?: number, reason?: string) => void;
  addEventListener: ((type: "open" | "error", listener: () => void) => void) &
    ((type: "message", listener: (event: { data: unknown }) => void) => void) &
    ((type: "close", listener: (event: { code: number; reason: string }) => void) => void);
}

/** Opens a WebSocket; credentials are among the subprotocols, as browsers send them. */
export type OpenSocket = (url: string, protocols: string[]) => Socket;

/** Where to call and as whom. */
export interface TaskyardOptions {
  /** Where Taskyard is, such as `https://taskyard.example.com`. */
  url: string;
  /** An API key; or a function that is asked before each request, for keys that change. */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /** Key of the organization for calls that do not name one. The key's own where nothing is said, which is asked for once. */
  organization?: string | undefined;
  /** Key or id of the workspace for calls that do not name one; `main` where nothing is said. */
  workspace?: string | undefined;
  /** The project for calls that do not name one; `@current`, the key's own, where nothing is said. */
  project?: string | undefined;
  /** In place of the platform's `fetch`. */
  fetch?: Fetch | undefined;
  /** In place of the platform's `WebSocket`, which Node.js has from version 22 on; `null` uses none. */
  openSocket?: OpenSocket | null | undefined;
  /** How often a failed request is repeated, where that is safe; 4 times where nothing is said. */
  retries?: number | undefined;
  /** Headers of every request, such as `User-Agent`. */
  headers?: Record<string, string> | undefined;
}

/** Where to call and as whom, for all functions of this package: `createEnvironment(yard, …)`, `followRun(yard, …)`. */
export class Taskyard {
  /** Without a slash at the end. */
  readonly url: string;
  readonly workspace: string;
  readonly project: string;
  readonly retries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  /** Null where there are no WebSockets. */
  readonly openSocket: OpenSocket | null;
  readonly #apiKey: TaskyardOptions["apiKey"];
  #organization: Promise<string> | undefined;

  constructor(options: TaskyardOptions) {
    const { protocol } = new URL(options.url);
    if (protocol !== "https:" && protocol !== "http:") throw new TypeError(`No http(s) URL: ${options.url}`);
    this.url = options.url.replace(/\/+$/, "");
    this.workspace = options.workspace ?? "main";
    this.project = options.project ?? "@current";
    this.retries = options.retries ?? 4;
    this.headers = options.headers ?? {};
    // The platform's own has to be called as a function, and may be replaced later.
    this.fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.openSocket = options.openSocket === undefined ? platformSocket() : options.openSocket;
    this.#apiKey = options.apiKey;
    if (options.organization !== undefined) this.#organization = Promise.resolve(options.organization);
  }

  /** The API key to send, where there is one. It is in no property, so that printing a client does not show it. */
  async apiKey(): Promise<string | undefined> {
    return typeof this.#apiKey === "function" ? await this.#apiKey() : this.#apiKey;
  }

  /** Key of the organization for calls that do not name one: as it was given, or the one that the API key belongs to. */
  async organization(): Promise<string> {
    this.#organization ??= this.#ownOrganization().catch((error: unknown) => {
      this.#organization = undefined;
      throw error;
    });
    return await this.#organization;
  }

  async #ownOrganization(): Promise<string> {
    const [own] = await listOwnOrganizations(this);
    if (!own) throw new TaskyardError("The API key belongs to no organization: name one.", { code: "no_organization" });
    return own.key;
  }
}

function platformSocket(): OpenSocket | null {
  return typeof WebSocket === "undefined" ? null : (url, protocols) => new WebSocket(url, protocols);
}
