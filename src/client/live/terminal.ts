import { call } from "../call.ts";
import { InvalidRequestError, isRecord, NetworkError, TaskyardError } from "../errors.ts";
import { closeEnvironmentTerminal, getEnvironment } from "../generated/operations.gen.ts";
import { randomId } from "../random-id.ts";
import { backOff, sleep } from "../retry.ts";
import type { Taskyard } from "../taskyard.ts";
import { type Closed, LiveSocket } from "./live-socket.ts";
import type { TerminalExit, TerminalOptions } from "./terminal-options.ts";
import { TypedInput } from "./typed-input.ts";

const PATH = "/api/v1/org/{org}/ws/{ws}/environments/{environment_id}/terminal";
const PROTOCOL = "taskyard.terminal.v1";
const RETRIES = 20;

/** Close codes after which another connection would not help, or is not wanted. */
const FINAL_CODES: Readonly<Record<number, string>> = {
  1009: "A frame of input was too large.",
  4001: "The server did not understand a message.",
  4003: "Somebody has connected to the terminal under the same client id.",
};

/**
 * Opens a terminal in an environment, or joins one (docs/terminals.md). Connections that break are made again, and no byte is
 * lost or repeated in either direction. Resolves when it is connected.
 */
export async function openTerminal(client: Taskyard, options: TerminalOptions): Promise<Terminal> {
  if (client.openSocket === null)
    throw new TaskyardError("A terminal needs a WebSocket: pass `openSocket` to the client.", { code: "no_websocket" });
  const terminal = new Terminal(client, options);
  await terminal.connect();
  return terminal;
}

/** A terminal that this client is connected to. What it shows: `for await (const bytes of terminal)`, once. */
export class Terminal implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly id: string;
  readonly clientId: string;
  rows: number | undefined;
  cols: number | undefined;
  /** How it has ended, once it has and all that it showed was taken. */
  exit: TerminalExit | undefined;
  readonly #client: Taskyard;
  readonly #options: TerminalOptions;
  readonly #input = new TypedInput();
  /** What has come and was not taken, with the offset behind it. */
  readonly #output: { bytes: Uint8Array<ArrayBuffer>; end: number }[] = [];
  /** Bytes of output that have come, and those that were taken. */
  #received: number | undefined;
  #taken: number;
  #socket: LiveSocket | undefined;
  #isKnown: boolean;
  #isOver = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(client: Taskyard, options: TerminalOptions) {
    this.#client = client;
    this.#options = options;
    this.#isKnown = options.terminalId !== undefined;
    this.id = options.terminalId ?? randomId();
    this.clientId = options.clientId ?? randomId();
    this.rows = options.rows;
    this.cols = options.cols;
    this.#received = options.after;
    this.#taken = options.after ?? 0;
  }

  /** Bytes of output that were taken: `after` of a later call goes on here. */
  get offset(): number {
    return this.#taken;
  }

  /** Makes the first connection; `openTerminal` does it. */
  async connect(): Promise<void> {
    await this.#reconnect();
    void this.#run();
  }

  /** Types. Resolves once so little is unacknowledged that more may be typed. */
  async write(data: string | Uint8Array): Promise<void> {
    await this.#input.room();
    if (this.#isOver) throw new TaskyardError("The terminal is over.", { code: "terminal_over" });
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (const frame of this.#input.add(bytes)) this.#socket?.send(frame);
  }

  /** Changes its size, for all who are connected. */
  resize(rows: number, cols: number): void {
    this.rows = rows;
    this.cols = cols;
    this.#say({ type: "resize", rows, cols });
  }

  /** Closes the terminal with all that runs in it, and waits for its end; the loop then ends. */
  async close(): Promise<void> {
    const { path, token, signal } = this.#options;
    const headers = { "X-Environment-Token": token };
    await closeEnvironmentTerminal(this.#client, { path: { ...path, terminal_id: this.id }, headers, signal });
  }

  /** Lets go of the terminal, which goes on; the loop ends. */
  detach(): void {
    this.#end(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for (;;) {
      const piece = this.#output.shift();
      if (piece) {
        yield piece.bytes;
        this.#taken = piece.end;
        this.#say({ type: "ack", offset: this.#taken });
      } else if (this.#isOver) {
        // oxlint-disable-next-line typescript/only-throw-error -- a signal's reason is thrown as it is
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Reads connection after connection until the terminal is over. */
  async #run(): Promise<void> {
    try {
      while (!this.#isOver) {
        const message = await this.#socket?.next();
        if (message === undefined) await this.#reconnect();
        else if (typeof message === "string") this.#hear(message);
        else if (message instanceof Uint8Array) this.#show(message);
        else await this.#followClose(message);
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #show(bytes: Uint8Array<ArrayBuffer>): void {
    this.#received = (this.#received ?? 0) + bytes.byteLength;
    this.#output.push({ bytes, end: this.#received });
    this.#wake();
  }

  async #followClose({ code }: Closed): Promise<void> {
    if (this.exit) return this.#end(undefined);
    const final = FINAL_CODES[code];
    if (final !== undefined) throw new TaskyardError(final, { code: `closed_${code}` });
    if (!this.#isOver) await this.#reconnect();
  }

  #end(failure: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#socket?.close();
    this.#input.release();
    this.#wake();
  }

  /** Connects until `ready` has come. */
  async #reconnect(): Promise<void> {
    const { signal, retries = RETRIES, onReconnect } = this.#options;
    for (let failures = 0; ; failures += 1) {
      if (failures > 0 || this.#socket) {
        if (failures > retries) throw new NetworkError("The terminal could not be reached.", { code: "network_error" });
        onReconnect?.(failures);
        await sleep(backOff(failures + 1), signal);
      }
      const socket = await this.#openSocket();
      const first = await socket?.next();
      if (socket && typeof first === "string") {
        this.#socket = socket;
        this.#hear(first);
        return;
      }
      if (!socket) await this.#throwRefusal();
    }
  }

  async #openSocket(): Promise<LiveSocket | undefined> {
    const { path, token, signal, command, cwd, term } = this.#options;
    const opening = { new_id: this.id, command, cwd, term };
    const query = {
      ...(this.#isKnown ? { terminal_id: this.id } : opening),
      client_id: this.clientId,
      after: this.#received,
      rows: this.rows,
      cols: this.cols,
    };
    const secrets = [`taskyard.environment-token.${token}`];
    return await LiveSocket.connect(
      this.#client,
      { path: PATH, values: path, query },
      { protocol: PROTOCOL, secrets },
      signal,
    );
  }

  /** A WebSocket that is refused is told no reason: asks for it by a plain request. */
  async #throwRefusal(): Promise<void> {
    const { path, token, signal } = this.#options;
    try {
      await call(this.#client, "GET", PATH, { path, headers: { "X-Environment-Token": token }, signal, retries: 0 });
    } catch (error) {
      signal?.throwIfAborted();
      const mayPass = error instanceof TaskyardError && (error.status === 0 || error.status >= 500);
      // What can be asked for has no upgrade, and is refused for that in the end.
      if (mayPass) return;
      if (!(error instanceof InvalidRequestError)) throw error;
    }
    const environment = await getEnvironment(this.#client, { path, signal });
    if (!environment.sandbox_provider?.terminals)
      throw new InvalidRequestError("The sandbox of this environment has no terminals.", { code: "invalid_error" });
  }

  #hear(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!isRecord(message)) throw new TaskyardError("The server sent no message.", { code: "protocol_error" });
    switch (message["type"]) {
      case "ready":
        return this.#begin(message);
      case "input":
        return this.#input.acknowledge(Number(message["offset"]));
      case "resized":
        return this.#options.onResize?.({ rows: Number(message["rows"]), cols: Number(message["cols"]) });
      case "lost":
        return this.#skip(Number(message["bytes"]), Number(message["offset"]));
      case "exit":
        this.exit = toExit(message);
    }
  }

  #begin(ready: Record<string, unknown>): void {
    this.#isKnown = true;
    if (Number(ready["lost"]) > 0) this.#options.onLost?.(Number(ready["lost"]));
    this.#received = Number(ready["offset"]);
    for (const frame of this.#input.resume(Number(ready["input_offset"]))) this.#socket?.send(frame);
  }

  /** Output is gone: what follows begins further on. */
  #skip(bytes: number, offset: number): void {
    this.#options.onLost?.(bytes);
    this.#received = offset;
  }
}

function toExit({ status, exit_code: exitCode, reason }: Record<string, unknown>): TerminalExit {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the message has one of these
    status: status as TerminalExit["status"],
    exitCode: typeof exitCode === "number" ? exitCode : null,
    reason: typeof reason === "string" ? reason : null,
  };
}
