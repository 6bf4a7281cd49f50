import { STATUS_CODES } from "node:http";
import { type ApiAnswer, type ApiRequest, callApi } from "./api-client.ts";
import { PlainError } from "./command.ts";
import type { TaskArchive } from "./example-archive.ts";
import type { Connection } from "./state-folder.ts";

/** One thing that the demo shows. */
export interface DemoStep {
  /** What happens, in a few words. */
  title: string;
  /** Sends requests, says what came of them, and throws when it is not what it should be. */
  run(session: DemoSession): Promise<void>;
}

/** A request of a step. */
export interface DemoRequest extends ApiRequest {
  /** Another key than the administrator's, or none. */
  key?: string | null;
}

/** What every step works with: the server, the example task, and a way to talk. */
export class DemoSession {
  readonly connection: Connection;
  readonly example: TaskArchive;
  /** Path of the organization's tasks. */
  readonly tasks: string;
  /** Path of the example task. */
  readonly task: string;
  readonly signal: AbortSignal;
  readonly #cleanups: (() => Promise<void>)[] = [];

  constructor(connection: Connection, example: TaskArchive, signal: AbortSignal) {
    this.connection = connection;
    this.example = example;
    this.tasks = `/api/v1/org/${connection.org}/tasks`;
    this.task = `${this.tasks}/${example.name}`;
    this.signal = signal;
  }

  /** Sends a request and prints it with its answer: request line, status, time. */
  async send({ key = this.connection.api_key, ...request }: DemoRequest): Promise<ApiAnswer> {
    const notes = [
      ...(request.bytes ? [`${formatBytes(request.bytes.length)} of zip`] : []),
      ...(request.headers?.["Range"] ? [`Range: ${request.headers["Range"]}`] : []),
      ...(key === this.connection.api_key ? [] : [key === null ? "without a key" : "with the other key"]),
    ];
    console.log(`   ${request.method} ${request.path}${notes.length > 0 ? `   (${notes.join(", ")})` : ""}`);
    const answer = await callApi({ baseUrl: this.connection.base_url, key, signal: this.signal }, request);
    const phrase = `${answer.status} ${STATUS_CODES[answer.status] ?? ""}`;
    console.log(`   ${phrase}, ${formatBytes(answer.body.length)}, ${Math.round(answer.milliseconds)} ms`);
    return answer;
  }

  /** Follows a stream of server-sent events to its end: what each frame has as JSON goes to `take` as it comes. */
  async follow(pathname: string, take: (data: unknown) => void): Promise<void> {
    const { base_url: url, api_key: key } = this.connection;
    console.log(`   GET ${pathname}`);
    const headers = { Authorization: `Bearer ${key}` };
    const response = await fetch(url + pathname, { headers, signal: this.signal });
    demand(response.ok && response.body !== null, `The stream answered ${response.status}.`);
    const lines = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
    let text = "";
    for await (const chunk of lines) {
      text += chunk;
      const whole = text.split("\n");
      text = whole.pop() ?? "";
      for (const line of whole) if (line.startsWith("data: ")) take(JSON.parse(line.slice(6)));
    }
  }

  /** Has something done at the end of the demo, however it ends; the last first. */
  atEnd(cleanup: () => Promise<void>): void {
    this.#cleanups.unshift(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0)) await cleanup();
  }

  /** Prints lines below the answer. */
  say(text: string): void {
    for (const line of text.trimEnd().split("\n")) console.log(`     ${line}`.trimEnd());
  }
}

/** Ends the demo with `otherwise` where what it shows is not so. */
export function demand(condition: boolean, otherwise: string): void {
  if (!condition) throw new PlainError(otherwise);
}

/** Bytes as people read them. */
export function formatBytes(bytes: number): string {
  return bytes < 1_000 ? `${bytes} B` : `${(bytes / 1_000).toFixed(1)} kB`;
}
