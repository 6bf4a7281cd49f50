import { createInterface } from "node:readline";
import {
  followCommand,
  getEnvironmentCommand,
  killEnvironmentCommand,
  startEnvironmentCommand,
  type Taskyard,
} from "../../client/index.ts";
import type { Context } from "../base/context.ts";
import { explainFailure } from "../base/explain-failure.ts";
import { clearingSignal } from "../base/interruption.ts";

/** An environment that commands are sent to. */
export interface ShellPlace {
  client: Taskyard;
  environmentId: string;
  token: string;
  name: string;
  cwd: string | undefined;
}

/**
 * A prompt for sandboxes that have no terminals: each line is a command of its own, in the folder where the one before it has
 * ended. Variables do not last, and no program reads what is typed.
 */
export async function runLineShell({ out }: Context, place: ShellPlace): Promise<void> {
  const { client, environmentId } = place;
  const headers = { "X-Environment-Token": place.token };
  let cwd = place.cwd ?? "/task";
  out.note("This sandbox has no terminals: each line is a command of its own. `exit` or Ctrl-D leaves.");
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: process.stdin.isTTY });
  let running: AbortController | undefined;
  const interrupt = () => (running ? running.abort() : process.stderr.write("\n"));
  lines.on("SIGINT", interrupt);
  const typed = lines[Symbol.asyncIterator]();
  try {
    for (;;) {
      if (process.stdin.isTTY) {
        lines.setPrompt(`${out.paint("green", place.name)}:${out.paint("blue", cwd)}$ `);
        lines.prompt();
      }
      const { value: line, done } = await typed.next();
      if (done || /^\s*exit\b/.test(line)) return;
      if (line.trim() === "") continue;
      running = new AbortController();
      cwd = await runLine(line, running.signal);
      running = undefined;
    }
  } finally {
    lines.close();
  }

  /** Runs a line, and says in which folder it has ended. */
  async function runLine(line: string, signal: AbortSignal): Promise<string> {
    const mark = crypto.randomUUID();
    const command = `${line}\n__code=$?; printf '\\n%s%s' ${mark} "$PWD"; exit $__code`;
    const tail = new MarkedTail(mark, (bytes) => out.write(bytes));
    try {
      const { command_id: id } = await startEnvironmentCommand(client, {
        path: { environment_id: environmentId },
        headers,
        body: { command, cwd },
      });
      const path = { environment_id: environmentId, command_id: id };
      try {
        for await (const bytes of followCommand(client, { path, token: place.token, signal })) tail.add(bytes);
      } catch (error) {
        if (!signal.aborted) throw error;
        await killEnvironmentCommand(client, { path, headers, signal: clearingSignal() });
      }
      const { exit_code: code } = await getEnvironmentCommand(client, { path, headers });
      const folder = tail.end();
      if (code !== 0) out.note(out.paint("dim", `[${code ?? "ended"}]`));
      return folder ?? cwd;
    } catch (error) {
      out.warn((await explainFailure(error)).message);
      return cwd;
    }
  }
}

/** Shows output but for what the wrapper of a line adds to its end. */
class MarkedTail {
  readonly #mark: Buffer;
  readonly #write: (bytes: Uint8Array) => void;
  #held = Buffer.alloc(0);

  constructor(mark: string, write: (bytes: Uint8Array) => void) {
    this.#mark = Buffer.from(`\n${mark}`);
    this.#write = write;
  }

  add(bytes: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    if (this.#held.includes(this.#mark)) return;
    // The mark may be cut in two.
    const shown = Math.max(0, this.#held.byteLength - this.#mark.byteLength);
    if (shown > 0) this.#write(this.#held.subarray(0, shown));
    this.#held = this.#held.subarray(shown);
  }

  /** Shows what is left; the folder that was told behind the mark. */
  end(): string | undefined {
    const at = this.#held.indexOf(this.#mark);
    if (at < 0) {
      if (this.#held.byteLength > 0) this.#write(this.#held);
      return undefined;
    }
    if (at > 0) this.#write(this.#held.subarray(0, at));
    return this.#held.subarray(at + this.#mark.byteLength).toString("utf8") || undefined;
  }
}
