import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readdir } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { inject } from "vitest";
import { packExample } from "../../../scripts/example-archive.ts";
import type { Connection } from "../../../scripts/state-folder.ts";
import { createLiveOrganization } from "../live-organization.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");

export interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the tests look at
  body: any;
}

/** An organization on a server, with a task and a runner's key; runners reach it through a proxy that can be cut. */
export interface LiveServer {
  connection: Connection;
  runnerKey: string;
  proxy: CuttableProxy;
  proxyUrl: string;
  /** Where runners keep what Node has compiled of them: each of them would do that again. */
  compiled: string;
  send: (method: string, path: string, json?: unknown, headers?: Record<string, string>) => Promise<Answer>;
}

/** Passes bytes on, until its connections are cut. */
export class CuttableProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, "127.0.0.1");
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream);
      upstream.pipe(client);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy has no port");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Ends every connection at once, without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

/** Sets up an organization with what runners need, on the server of all live tests. */
export async function joinLiveServer(): Promise<LiveServer> {
  const connection = await createLiveOrganization("runners");
  const send: LiveServer["send"] = async (method, pathname, json, headers = {}) => {
    const isBytes = json instanceof Uint8Array;
    const init: RequestInit = {
      method,
      headers: {
        Authorization: `Bearer ${connection.api_key}`,
        ...(!isBytes && json !== undefined && { "Content-Type": "application/json" }),
        ...headers,
      },
    };
    if (json !== undefined) init.body = isBytes ? new Uint8Array(json) : JSON.stringify(json);
    const response = await fetch(connection.base_url + pathname, init);
    const text = await response.text();
    const isJson = /^application\/json(;|$)/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  };
  const key = await send("POST", "/api/v1/user/api-keys", { name: "runner", allowed_scopes: ["runner"] });
  const example = await packExample();
  await send("PUT", `/api/v1/org/${connection.org}/tasks/${example.name}/versions/${example.version}`, example.bytes);
  const proxy = new CuttableProxy(Number(new URL(connection.base_url).port));
  const { compiled } = inject("liveServer");
  return { connection, runnerKey: String(key.body.key), proxy, proxyUrl: await proxy.listen(), compiled, send };
}

/** The real runner as a process. */
export class LiveRunner {
  readonly exited: Promise<number | null>;
  readonly workFolder: string;
  readonly #child: ChildProcess;
  #said = "";

  constructor(child: ChildProcess, workFolder: string) {
    this.#child = child;
    this.workFolder = workFolder;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes) => (this.#said += String(bytes)));
    this.exited = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  }

  get said(): string {
    return this.#said;
  }

  kill(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.exited;
  }

  /** What is left in its work folder. */
  async leftovers(): Promise<string[]> {
    return await readdir(this.workFolder);
  }
}

/**
 * Starts a runner, by default without bubblewrap where that is not installed. `through`: a line of bash that becomes it by
 * `exec "$@"`.
 */
export async function startRunner(
  server: Pick<LiveServer, "proxyUrl" | "connection" | "runnerKey" | "compiled">,
  args: string[],
  env: Record<string, string> = {},
  through = 'exec "$@"',
  folder?: string,
): Promise<LiveRunner> {
  const workFolder = folder ?? (await mkdtemp(path.join(tmpdir(), "taskyard-work-")));
  // A runner that is root has its commands run as somebody else, who has to get there.
  await chmod(workFolder, 0o711);
  const all = ["--url", server.proxyUrl, "--org", server.connection.org, "--work-folder", workFolder, ...args];
  const program = [process.execPath, path.join(ROOT, "src/runner/main.ts")];
  const child = spawn("/bin/bash", ["-c", through, "bash", ...program, ...all], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...env,
      NODE_COMPILE_CACHE: server.compiled,
      TASKYARD_RUNNER_KEY: server.runnerKey,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new LiveRunner(child, workFolder);
}

/** Seconds in which an answer becomes as wanted. */
const PATIENCE_SECONDS = 30;

/** Asks again and again until the answer is as wanted; fails with the last one after `seconds`. */
export async function until<T>(
  ask: () => Promise<T>,
  isWanted: (value: T) => boolean,
  seconds = PATIENCE_SECONDS,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ask();
    if (isWanted(value)) return value;
    if (Date.now() > end) throw new Error(`Waited in vain; the last answer: ${JSON.stringify(value).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
