import { quote } from "../shell-word.ts";

/**
 * What is used of a container of `@cloudflare/sandbox` 0.12: a part of its `ISandbox`, so that whatever has these methods
 * will do. Commands are lines for a shell.
 */
export interface ContainerMachine {
  exec(
    command: string,
    options?: { env?: Record<string, string>; cwd?: string; timeout?: number },
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Server-sent events whose data are ContainerEvents. */
  execStream(
    command: string,
    options?: { env?: Record<string, string>; cwd?: string },
  ): Promise<ReadableStream<Uint8Array>>;
  writeFile(path: string, content: string | ReadableStream<Uint8Array>): Promise<unknown>;
  readFile(path: string, options: { encoding: "none" }): Promise<{ content: ReadableStream<Uint8Array>; size: number }>;
  /** Whether the container stays up while it has no requests. */
  setKeepAlive(keepAlive: boolean): Promise<void>;
  destroy(): Promise<void>;
}

export interface ContainerEvent {
  type: "start" | "stdout" | "stderr" | "complete" | "error";
  data?: string;
  exitCode?: number;
  error?: string;
}

/** Runs a script with arguments, `$1` and on, in a shell of its own: nothing of it stays in the container's session. */
export function asCommand(script: string, ...args: string[]): string {
  return ["bash", "-c", script, "taskyard", ...args].map(quote).join(" ");
}

/** The events of a stream, as they come. */
export async function* readContainerEvents(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<ContainerEvent, void, void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const event: ContainerEvent = JSON.parse(line.slice("data:".length));
      yield event;
    }
  }
}
