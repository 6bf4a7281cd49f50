import type { CommandEnding, FileStatus, OutputStream, PartedFiles, SandboxFiles } from "../port.ts";
import { FILE_SCRIPTS, faultOf, toListing, toPartVariables, toStatus, unavailable } from "../file-scripts.ts";
import { FileError } from "../port.ts";
import type { EnvironmentMessage } from "../runner-protocol.ts";
import { FileExchange } from "./file-exchange.ts";

/** Seconds that one operation on files may take on the machine. */
const FILE_SECONDS = 600;
/** Bytes of a file or a listing at most. */
const MAX_BYTES = 2 ** 40;
/** Bytes of a listing that are held. */
const MAX_LISTING_BYTES = 8 * 1024 * 1024;

/** Every script finds its path in `P`, a file in the making beside it in `T`; without a sandbox on the machine the task's files lie elsewhere. */
const PRELUDE = `case "$P" in
  /task) P=$TASK_ROOT ;;
  /task/*) P=$TASK_ROOT/\${P#/task/} T=\${T:+$TASK_ROOT/\${T#/task/}} ;;
esac
export LC_ALL=C
`;

/**
 * The files of a sandbox on a runner's machine, by commands inside of it: what a command of the environment can reach is
 * what can be read and written, and no link leads out.
 */
export class RunnerFiles implements SandboxFiles {
  readonly #send: (message: EnvironmentMessage) => boolean;
  readonly #exchanges = new Map<string, FileExchange>();

  /** `send` says whether there is a machine to send to. */
  constructor(send: (message: EnvironmentMessage) => boolean) {
    this.#send = send;
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    try {
      return toStatus(path, await this.#text("stat", path));
    } catch (error) {
      if (error instanceof FileError && error.fault === "not_found") return undefined;
      throw error;
    }
  }

  async list(path: string, depth: number, limit: number): Promise<{ entries: FileStatus[]; more: boolean }> {
    const env = { DEPTH: String(depth), LIMIT: String(limit + 1) };
    return toListing(path, await this.#text("list", path, env), limit);
  }

  async read(path: string, range?: { offset: number; length: number }): Promise<ReadableStream<Uint8Array>> {
    const env = range ? { OFFSET: String(range.offset), LENGTH: String(range.length) } : { LENGTH: "all" };
    const exchange = this.#begin("read", path, env);
    // A refusal comes before the first byte, and is then an error rather than a broken stream.
    await exchange.begun;
    return exchange.output;
  }

  async write(path: string, body: ReadableStream<Uint8Array>, size: number): Promise<FileStatus> {
    const exchange = this.#begin("write", path, { SIZE: String(size) }, true);
    const [status] = await Promise.all([exchange.text(MAX_LISTING_BYTES), exchange.feed(body)]);
    return toStatus(path, status);
  }

  async remove(path: string): Promise<void> {
    await this.#text("remove", path);
  }

  readonly parted: PartedFiles = {
    begin: async (file) => {
      await this.#text("begin", file.path, toPartVariables(file));
    },
    write: async (file, offset, body, size) => {
      const env = { ...toPartVariables(file), OFFSET: String(offset), SIZE: String(size) };
      const exchange = this.#begin("part", file.path, env, true);
      await Promise.all([exchange.text(MAX_LISTING_BYTES), exchange.feed(body)]);
    },
    complete: async (file) => toStatus(file.path, await this.#text("complete", file.path, toPartVariables(file))),
    abort: async (file) => {
      await this.#text("abort", file.path, toPartVariables(file));
    },
  };

  has(id: string): boolean {
    return this.#exchanges.has(id);
  }

  output(id: string, stream: OutputStream, offset: number, bytes: Uint8Array): void {
    this.#exchanges.get(id)?.receive(stream, offset, bytes);
  }

  inputTaken(id: string, bytes: number): void {
    this.#exchanges.get(id)?.inputTaken(bytes);
  }

  ended(id: string, ending: CommandEnding): void {
    this.#exchanges.get(id)?.end(faultOf(ending));
    this.#exchanges.delete(id);
  }

  /** The connection broke: what was under way is not taken up again. */
  breakOff(): void {
    for (const exchange of this.#exchanges.values()) exchange.end(() => unavailable());
    this.#exchanges.clear();
  }

  #text(script: keyof typeof FILE_SCRIPTS, path: string, env: Record<string, string> = {}): Promise<string> {
    return this.#begin(script, path, env).text(MAX_LISTING_BYTES);
  }

  #begin(script: keyof typeof FILE_SCRIPTS, path: string, env: Record<string, string>, input = false): FileExchange {
    const id = crypto.randomUUID();
    const exchange = new FileExchange(id, this.#send);
    const isSent = this.#send({
      type: "start",
      id,
      command: PRELUDE + FILE_SCRIPTS[script],
      cwd: "/",
      env: { ...env, P: path },
      machine_env: {},
      stdin: "",
      input,
      seconds: FILE_SECONDS,
      output_bytes: MAX_BYTES,
      separate_output: true,
      has_secrets: false,
    });
    if (isSent) this.#exchanges.set(id, exchange);
    else exchange.end(() => unavailable());
    return exchange;
  }
}
