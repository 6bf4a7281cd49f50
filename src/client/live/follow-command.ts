import { NetworkError, TaskyardError } from "../errors.ts";
import { readEnvironmentCommandOutput } from "../generated/operations.gen.ts";
import type { EnvironmentCommand } from "../generated/types.gen.ts";
import { backOff, sleep } from "../retry.ts";
import type { Taskyard } from "../taskyard.ts";

export interface FollowCommandOptions {
  path: { org?: string; ws?: string; environment_id: string; command_id: string };
  /** The environment's `execute_token`. */
  token: string;
  /** Bytes of output to leave out, which an earlier `CommandOutput` had. */
  after?: number | undefined;
  /** Ends it: the loop then throws the signal's reason. The command goes on. */
  signal?: AbortSignal | undefined;
  /** How often in a row it may get no answer before it gives up, some two minutes (20) where nothing is said. */
  retries?: number | undefined;
}

/** Seconds that the server waits for something new before it answers. */
const WAIT_SECONDS = 20;

/**
 * Follows what a command writes, from its beginning or from `after` on, until it is over: raw bytes of both streams in the order in
 * which they came. A character may be split between two pieces: `new TextDecoder().decode(piece, { stream: true })`.
 */
export function followCommand(client: Taskyard, options: FollowCommandOptions): CommandOutput {
  return new CommandOutput(client, options);
}

/** The output of a command as it comes, every byte once: `for await (const bytes of output)`. It is gone through once. */
export class CommandOutput implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly #client: Taskyard;
  readonly #options: FollowCommandOptions;
  /** Bytes of output before the next piece: `after` of a later call goes on here. */
  offset: number;
  /** Bytes that were gone before they could be read: of a terminal the last megabyte is kept. */
  lost = 0;
  /** How the command stands; final once the loop is over. */
  status: EnvironmentCommand["status"] = "running";
  /** Null while it runs, and for a command that is lost. */
  exitCode: number | null = null;

  constructor(client: Taskyard, options: FollowCommandOptions) {
    this.#client = client;
    this.#options = options;
    this.offset = options.after ?? 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { signal, retries = 20 } = this.#options;
    for (let failures = 0; ;) {
      try {
        const { bytes, from } = await this.#read();
        failures = 0;
        this.lost += from - this.offset;
        this.offset = from;
        if (bytes.byteLength > 0) {
          yield bytes;
          this.offset += bytes.byteLength;
        } else if (this.status !== "running") return;
      } catch (error) {
        signal?.throwIfAborted();
        const mayPass = !(error instanceof TaskyardError) || error instanceof NetworkError || error.status >= 500;
        failures += 1;
        if (!mayPass || failures > retries) throw error;
        await sleep(backOff(failures), signal);
      }
    }
  }

  /** What there is from the offset on, and where it begins: further on where a terminal's output there is gone. */
  async #read(): Promise<{ bytes: Uint8Array<ArrayBuffer>; from: number }> {
    const { path, token, signal } = this.#options;
    const response = await readEnvironmentCommandOutput(this.#client, {
      path,
      headers: { "X-Environment-Token": token },
      query: { offset: this.offset, wait_seconds: WAIT_SECONDS },
      signal,
      retries: 0,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const { headers } = response;
    const exitCode = headers.get("X-Command-Exit-Code");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the header has one of these
    this.status = (headers.get("X-Command-Status") ?? "running") as EnvironmentCommand["status"];
    this.exitCode = exitCode === null ? null : Number(exitCode);
    return { bytes, from: Number(headers.get("X-Output-Offset") ?? this.offset) };
  }
}
