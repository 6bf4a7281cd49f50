/** What a line of an agent's standard output is. */
export type AgentLine =
  /** An event of the run, as the bytes that are sent. */
  | { kind: "event"; json: string }
  /** The answer to a command of this id. */
  | { kind: "answer"; id: string; message: Record<string, unknown> };

type Level = "info" | "error";

/** Makes the events of one run. `now` is a time in ISO 8601. */
export class AgentLines {
  readonly #runId: string;
  readonly #now: () => string;

  constructor(runId: string, now: () => string = () => new Date().toISOString()) {
    this.#runId = runId;
    this.#now = now;
  }

  /**
   * Reads a line of standard output: JSON-RPC answers are answers to commands, JSON-RPC notifications and events pass
   * as they are, byte for byte, and everything else is text.
   */
  read(line: string): AgentLine {
    const value = parseObject(line);
    if (value?.["jsonrpc"] === "2.0" && typeof value["method"] === "string") return this.#wrap(line);
    if (value?.["jsonrpc"] === "2.0" && typeof value["id"] === "string") {
      return { kind: "answer", id: value["id"], message: value };
    }
    if (typeof value?.["type"] === "string") return { kind: "event", json: line };
    return { kind: "event", json: this.text("info", line) };
  }

  /** A line of text as an entry of the log (agent-tasks 5.1). */
  text(level: Level, message: string): string {
    const params = { sessionId: this.#runId, level, message };
    const notification = { jsonrpc: "2.0", method: "_posthog/console", params };
    return JSON.stringify({ type: "notification", timestamp: this.#now(), notification });
  }

  #wrap(notification: string): AgentLine {
    const timestamp = JSON.stringify(this.#now());
    return {
      kind: "event",
      json: `{"type":"notification","timestamp":${timestamp},"notification":${notification}}`,
    };
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
