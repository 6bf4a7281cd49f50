import { textOf } from "../../evaluations/trajectory/content-text.ts";
import { type AgentNotification, readNotification, readUpdate } from "../../evaluations/trajectory/notification.ts";
import { isObject } from "../../json-bytes/json-extents.ts";
import type { Paint } from "../output/colours.ts";
import { safeLine, safeText, shorten } from "../output/safe-text.ts";
import { paintStatus, RUN_STATUSES } from "./run-status.ts";

/** Lines of a tool's output that are shown, and characters of its input. */
const OUTPUT_LINES = 12;
const INPUT_LENGTH = 200;
const OTHER_LENGTH = 300;

/** Text that comes in pieces, and is shown as it comes. */
type Flow = "message" | "thought" | "user";

/** Entries of a run as people read them: what the agent says, what it calls, what it prints. */
export class EntryView {
  readonly #paint: Paint;
  #status: string | undefined;
  #flow: Flow | undefined;
  /** What has come of a message in pieces: some agents repeat it whole. */
  #said = "";
  /** Names of the calls so far, by their ids. */
  readonly #calls = new Map<unknown, string>();

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** What to print for an entry; undefined where it says nothing to people. */
  render(entry: unknown): string | undefined {
    if (!isObject(entry)) return undefined;
    if (entry["type"] === "task_run_state") return this.#state(entry);
    const notification = readNotification(entry);
    if (notification === undefined) return this.#other(entry);
    const update = readUpdate(notification);
    return update === undefined ? this.#notification(notification) : this.#update(update);
  }

  /** Ends a line that is still open. */
  finish(): string {
    const end = this.#flow === undefined ? "" : "\n";
    this.#flow = undefined;
    return end;
  }

  #state({ status, error_message: error }: Record<string, unknown>): string | undefined {
    if (status === this.#status) return undefined;
    const known = RUN_STATUSES.find((name) => name === status);
    if (known === undefined) return undefined;
    this.#status = known;
    const why = typeof error === "string" && error !== "" ? `: ${safeText(error)}` : "";
    return this.#line(`${this.#paint("dim", "●")} ${paintStatus(this.#paint, known)}${why}`);
  }

  #update(update: Record<string, unknown>): string | undefined {
    const text = safeText(textOf(update["content"] ?? update["message"] ?? update["text"]));
    switch (update["sessionUpdate"]) {
      case "agent_message":
        if (this.#said !== "" && this.#said.trim().endsWith(text.trim())) return undefined;
        return this.#line(text);
      case "agent_message_chunk":
        this.#said += text;
        return this.#piece("message", text);
      case "agent_thought":
        return this.#line(this.#paint("dim", text));
      case "agent_thought_chunk":
        return this.#piece("thought", this.#paint("dim", text));
      case "user_message":
        return this.#line(this.#paint("bold", `> ${text.replaceAll("\n", "\n> ")}`));
      case "user_message_chunk":
        return this.#piece("user", this.#paint("bold", text));
      case "tool_call":
      case "tool_call_update":
        return this.#call(update);
      case "plan":
        return this.#plan(update["entries"]);
      default:
        return undefined;
    }
  }

  /** A call is named once; what it gives is shown when it has ended. */
  #call(update: Record<string, unknown>): string | undefined {
    const { toolCallId, title, kind, status, rawInput, content, rawOutput } = update;
    const name = this.#calls.get(toolCallId) ?? safeLine(firstText(title, kind) ?? "tool");
    const input = describeInput(rawInput);
    const isNew = !this.#calls.has(toolCallId);
    const head = isNew ? this.#line(`${this.#paint("cyan", `▸ ${name}`)}${input === "" ? "" : `  ${input}`}`) : "";
    this.#calls.set(toolCallId, name);
    const isEnd = status === "completed" || status === "failed";
    const body = isEnd
      ? this.#callEnd(safeText(textOf(content ?? rawOutput)).trimEnd(), status === "failed", name)
      : "";
    return head + body || undefined;
  }

  #callEnd(output: string, hasFailed: boolean, name: string): string {
    const lines = output === "" ? [] : output.split("\n");
    const left = lines.length - OUTPUT_LINES;
    const body = lines.slice(0, OUTPUT_LINES).map((line) => this.#paint("dim", `  │ ${line}`));
    if (left > 0) body.push(this.#paint("dim", `  │ … and ${left} more ${left === 1 ? "line" : "lines"}`));
    if (hasFailed) body.push(`  ${this.#paint("red", `✗ ${name} failed`)}`);
    return body.length === 0 ? "" : this.#line(body.join("\n"));
  }

  #plan(entries: unknown): string | undefined {
    if (!Array.isArray(entries)) return undefined;
    const lines = entries.filter(isObject).map(({ content, status }) => {
      const mark = { completed: "☑", in_progress: "▣" }[String(status)] ?? "☐";
      return `  ${mark} ${safeLine(textOf(content))}`;
    });
    return this.#line([this.#paint("cyan", "▸ plan"), ...lines].join("\n"));
  }

  #notification({ method, params }: AgentNotification): string | undefined {
    const { message, level, label, step, status } = params;
    if (method === "_posthog/console" && typeof message === "string") {
      const text = safeText(message);
      if (level === "error" || level === "warn") return this.#line(this.#paint("yellow", text));
      return this.#line(level === "debug" ? this.#paint("dim", text) : text);
    }
    if (method === "_posthog/progress") {
      const end = typeof status === "string" ? ` (${safeLine(status)})` : "";
      return this.#line(this.#paint("dim", `· ${safeLine(firstText(label, step) ?? "progress")}${end}`));
    }
    if (method === "_posthog/error") return this.#line(this.#paint("red", safeText(firstText(message) ?? "error")));
    return undefined;
  }

  /** An entry that is none of an agent's. */
  #other(entry: Record<string, unknown>): string | undefined {
    const { type, message } = entry;
    if (typeof type === "string" && type.startsWith("_posthog/")) return undefined;
    const text =
      typeof message === "string" ? safeText(message) : shorten(safeLine(JSON.stringify(entry)), OTHER_LENGTH);
    return this.#line(this.#paint("dim", text));
  }

  #piece(flow: Flow, text: string): string | undefined {
    if (text === "") return undefined;
    const begin = this.#flow === undefined || this.#flow === flow ? "" : "\n";
    this.#flow = flow;
    return begin + text;
  }

  #line(text: string): string {
    const begin = this.finish();
    this.#said = "";
    return `${begin}${text}\n`;
  }
}

/** What a tool was given, on one line. */
function describeInput(input: unknown): string {
  if (input === undefined || input === null) return "";
  const command = isObject(input) ? (input["command"] ?? input["cmd"] ?? input["path"]) : input;
  const text = typeof command === "string" ? command : JSON.stringify(input);
  return shorten(safeLine(text), INPUT_LENGTH);
}

function firstText(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === "string" && value !== "");
}
