import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createFirstOrganization } from "../../../../scripts/first-organization.ts";
import { type LocalServer, startLocalServer } from "../../../../scripts/local-server.ts";
import { type Connection, openStateFolder, type StateFolder } from "../../../../scripts/state-folder.ts";
import { memoryFolder } from "../../../memory-folder.ts";
import { type LiveRunner, startRunner, until } from "../../runner/live.ts";

/** Seconds after which a runner that has vanished has lost its work. */
const LEASE_SECONDS = 10;

const SETTINGS = `RUNNER_LEASE_SECONDS=${LEASE_SECONDS}\nEVALUATION_RETRY_SECONDS=1\nSANDBOX_PROVIDER=runner\n`;

/** Seconds that a server which was killed has to be there again. */
const BACK_SECONDS = 120;

/** A server and runners that are killed with SIGKILL, and come back to what they have left. */
export class ChaosWorld {
  readonly connection: Connection;
  readonly #folder: string;
  readonly #state: StateFolder;
  readonly #runnerKey: string;
  readonly #runnerArgs: readonly string[];
  readonly #runners: LiveRunner[] = [];
  #server: LocalServer;

  private constructor(
    folder: string,
    state: StateFolder,
    server: LocalServer,
    connection: Connection,
    runnerKey: string,
    runnerArgs: readonly string[],
  ) {
    this.#folder = folder;
    this.#state = state;
    this.#server = server;
    this.connection = connection;
    this.#runnerKey = runnerKey;
    this.#runnerArgs = runnerArgs;
  }

  static async start(runners: number, runnerArgs: readonly string[]): Promise<ChaosWorld> {
    const folder = await mkdtemp(path.join(memoryFolder(), "taskyard-chaos-"));
    const state = await openStateFolder(folder);
    await appendFile(state.settings, SETTINGS);
    const { signal } = new AbortController();
    const server = await startLocalServer({ state, port: 0, signal });
    const connection = await createFirstOrganization(server, state, signal);
    const made = await fetch(`${server.baseUrl}/api/v1/user/api-keys`, {
      method: "POST",
      headers: { Authorization: `Bearer ${connection.api_key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "runner", allowed_scopes: ["runner"] }),
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key that is none is refused by the server
    const { key } = (await made.json()) as { key: string };
    const world = new ChaosWorld(folder, state, server, connection, key, runnerArgs);
    for (let index = 0; index < runners; index += 1) world.#runners.push(await world.#startRunner());
    return world;
  }

  get runners(): readonly LiveRunner[] {
    return this.#runners;
  }

  /** Asks until there is an answer: who is told of nothing, or of a failure of the server, asks again. */
  async send(method: string, pathname: string, body?: object): Promise<Response> {
    const isBytes = body instanceof Uint8Array;
    const headers = new Headers({ Authorization: `Bearer ${this.connection.api_key}` });
    if (body && !isBytes) headers.set("Content-Type", "application/json");
    const bytes = isBytes ? new Uint8Array(body) : body && JSON.stringify(body);
    const ask = () =>
      fetch(this.#server.baseUrl + pathname, { method, headers, ...(bytes && { body: bytes }) }).catch(() => undefined);
    const answer = await until(ask, (found) => found !== undefined && found.status < 500, BACK_SECONDS);
    if (!answer) throw new Error("There is no answer");
    if (!answer.ok) throw new Error(`${method} ${pathname}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** The answer's JSON. */
  async read<T>(pathname: string): Promise<T> {
    for (;;) {
      const answer = await this.send("GET", pathname);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what an answer is like is what the test looks at
      const body = (await answer.json().catch(() => undefined)) as T | undefined;
      if (body !== undefined) return body;
    }
  }

  /** Kills the server at once with all that it has started, and starts it anew where it was. */
  async killServer(): Promise<void> {
    const { pid, ended } = this.#server.processes;
    if (pid === undefined) throw new Error("The server has no process");
    process.kill(-pid, "SIGKILL");
    await ended;
    const port = Number(new URL(this.#server.baseUrl).port);
    this.#server = await startLocalServer({ state: this.#state, port, signal: new AbortController().signal });
  }

  /** Whether a runner has come as far as to take work. */
  isAtWork(index: number): boolean {
    return this.#runners[index]?.said.includes("connected to the pool") ?? false;
  }

  /** Kills a runner at once, and starts another in its folder, as whatever watches over it would. */
  async killRunner(index: number): Promise<void> {
    const runner = this.#runners[index];
    if (!runner) throw new Error(`There is no runner ${index}`);
    await runner.kill("SIGKILL");
    this.#runners[index] = await this.#startRunner(runner.workFolder);
  }

  /** What the server and the runners have said last, for whoever looks for a failure. */
  said(): string {
    const runners = this.#runners.map((runner, index) => `--- runner ${index}\n${runner.said.slice(-2_000)}`);
    return [`--- server\n${this.#server.processes.output()}`, ...runners].join("\n");
  }

  /** Asks the runners to end; what each of them has left in its folder. */
  async stopRunners(): Promise<string[][]> {
    return Promise.all(
      this.#runners.map(async (runner) => {
        await runner.kill("SIGTERM");
        return runner.leftovers();
      }),
    );
  }

  async end(): Promise<void> {
    for (const runner of this.#runners) {
      await runner.kill("SIGKILL");
      await rm(runner.workFolder, { recursive: true, force: true });
    }
    await this.#server.processes.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startRunner(folder?: string): Promise<LiveRunner> {
    const { connection } = this;
    const compiled = path.join(tmpdir(), "taskyard-compiled");
    const server = { proxyUrl: this.#server.baseUrl, connection, runnerKey: this.#runnerKey, compiled };
    return startRunner(server, [...this.#runnerArgs], {}, undefined, folder);
  }
}
