/** What an entry of a run's log is, as far as it is shown in a way of its own. */
export const KINDS = [
  "message",
  "thought",
  "user",
  "tool",
  "console",
  "permission",
  "plan",
  "usage",
  "state",
  "other",
] as const;
export type Kind = (typeof KINDS)[number];

export const LEVELS = ["error", "warn", "info", "debug"] as const;
export type Level = (typeof LEVELS)[number];

type Fields = Record<string, unknown>;

/** An entry, read. What is not known of its form stays in `raw`. */
export interface Entry {
  kind: Kind;
  level: Level;
  /** ISO 8601 as it was sent, or an empty text. */
  time: string;
  /** One word or two for what it is: the method, or the update's name. */
  label: string;
  /** What it says, as plain text; Markdown for messages. */
  text: string;
  /** Chunks of one message carry the same key, and are shown as one. */
  chunkOf: string | undefined;
  raw: Fields;
}

const UPDATE_KINDS: Readonly<Record<string, Kind>> = {
  agent_message: "message",
  agent_message_chunk: "message",
  agent_thought: "thought",
  agent_thought_chunk: "thought",
  user_message: "user",
  user_message_chunk: "user",
  tool_call: "tool",
  tool_call_update: "tool",
  plan: "plan",
  usage: "usage",
  usage_update: "usage",
};

/** Reads an entry as it is stored: a JSON-RPC notification of an agent, a state of the run, or anything else. */
export function readEntry(raw: unknown): Entry {
  const fields = isFields(raw) ? raw : { value: raw };
  const time = textIn(fields, "timestamp") ?? textIn(fields, "updated_at") ?? "";
  const notification = isFields(fields["notification"]) ? fields["notification"] : fields;
  const method = textIn(notification, "method")?.replace(/^__/, "_");
  const params = isFields(notification["params"]) ? notification["params"] : {};
  const plain = { level: "info" as Level, time, chunkOf: undefined, raw: fields };
  if (fields["type"] === "task_run_state") {
    const status = textIn(fields, "status") ?? "";
    return {
      ...plain,
      kind: "state",
      level: status === "failed" ? "error" : "info",
      label: "state",
      text: describeState(fields, status),
    };
  }
  if (method === "session/update" && isFields(params["update"])) return readUpdate(params["update"], plain);
  if (method === "_posthog/console") {
    const level =
      LEVELS.find((candidate) => candidate === params["level"]) ?? (params["level"] === "warning" ? "warn" : "info");
    return { ...plain, kind: "console", level, label: level, text: textIn(params, "message") ?? "" };
  }
  if (method !== undefined) return readMethod(method, params, plain);
  const message = textIn(fields, "message") ?? textIn(fields, "text");
  const level = LEVELS.find((candidate) => candidate === fields["level"]) ?? "info";
  return {
    ...plain,
    kind: "other",
    level,
    label: textIn(fields, "type") ?? "entry",
    text: message ?? JSON.stringify(fields),
  };
}

type Plain = Pick<Entry, "level" | "time" | "chunkOf" | "raw">;

function readUpdate(update: Fields, plain: Plain): Entry {
  const name = textIn(update, "sessionUpdate") ?? "update";
  const kind = UPDATE_KINDS[name] ?? "other";
  if (kind === "tool") return { ...plain, ...readTool(update), kind, label: name };
  if (kind === "plan") return { ...plain, kind, label: name, text: describePlan(update["entries"]) };
  const text = contentText(update["content"] ?? update["message"] ?? update["text"]);
  const id = textIn(update, "messageId") ?? "";
  const chunkOf = name.endsWith("_chunk") ? `${name} ${id}` : undefined;
  const shown =
    kind === "usage" || (kind === "other" && text === "") ? describeFields(update, ["sessionUpdate"]) : text;
  return { ...plain, kind, label: name, text: shown, chunkOf };
}

function readTool(update: Fields): Pick<Entry, "level" | "text"> {
  const failed = update["status"] === "failed";
  const title = textIn(update, "title") ?? textIn(update, "toolCallId") ?? "tool";
  return { level: failed ? "error" : "info", text: title };
}

function readMethod(method: string, params: Fields, plain: Plain): Entry {
  const label = method.replace(/^_posthog\//, "");
  if (/permission/i.test(method))
    return { ...plain, kind: "permission", label, text: permissionOf(plain.raw)?.title ?? "Asks for permission" };
  if (/usage|turn_complete/.test(method))
    return { ...plain, kind: "usage", label, text: describeFields(params, ["sessionId"]) };
  const isError = /error/i.test(method);
  const text =
    textIn(params, "message") ??
    textIn(params, "label") ??
    textIn(params, "error") ??
    describeFields(params, ["sessionId"]);
  return { ...plain, kind: "other", level: isError ? "error" : "info", label, text };
}

export interface Permission {
  requestId: string;
  title: string;
  options: { id: string; name: string; kind: string }[];
}

/** The question of an agent that waits for an answer; undefined for all other entries. */
export function permissionOf(raw: Fields): Permission | undefined {
  const notification = isFields(raw["notification"]) ? raw["notification"] : raw;
  const method = textIn(notification, "method") ?? "";
  const params = notification["params"];
  if (!/permission/i.test(method) || !isFields(params) || !Array.isArray(params["options"])) return undefined;
  const requestId = textIn(params, "requestId") ?? textIn(notification, "id");
  if (requestId === undefined) return undefined;
  const call = isFields(params["toolCall"]) ? params["toolCall"] : {};
  const options = params["options"].filter(isFields).map((option) => ({
    id: textIn(option, "optionId") ?? textIn(option, "id") ?? "",
    name: textIn(option, "name") ?? textIn(option, "label") ?? textIn(option, "optionId") ?? "",
    kind: textIn(option, "kind") ?? "",
  }));
  return {
    requestId,
    title: textIn(params, "title") ?? textIn(call, "title") ?? "The agent asks for permission",
    options,
  };
}

export interface ToolCall {
  id: string;
  title: string;
  kind: string;
  status: string;
  input: unknown;
  output: unknown;
  /** Texts, diffs and the like that it shows. */
  content: ToolContent[];
}

export type ToolContent = { type: "text"; text: string } | { type: "diff"; path: string; old: string; new: string };

/** The tool call that an entry of the kind `tool` tells of. */
export function toolCallOf(raw: Fields): ToolCall {
  const notification = isFields(raw["notification"]) ? raw["notification"] : raw;
  const params = isFields(notification["params"]) ? notification["params"] : {};
  const update = isFields(params["update"]) ? params["update"] : {};
  const content = Array.isArray(update["content"]) ? update["content"].filter(isFields) : [];
  return {
    id: textIn(update, "toolCallId") ?? "",
    title: textIn(update, "title") ?? "",
    kind: textIn(update, "kind") ?? "",
    status: textIn(update, "status") ?? "",
    input: update["rawInput"],
    output: update["rawOutput"],
    content: content.map((part): ToolContent =>
      part["type"] === "diff"
        ? {
            type: "diff",
            path: textIn(part, "path") ?? "",
            old: textIn(part, "oldText") ?? "",
            new: textIn(part, "newText") ?? "",
          }
        : { type: "text", text: contentText(part["content"] ?? part) },
    ),
  };
}

/** The text of a content block, of a list of them, or a text itself. */
function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(contentText).join("\n");
  if (!isFields(content)) return "";
  if (typeof content["text"] === "string") return content["text"];
  return typeof content["type"] === "string" ? `[${content["type"]}]` : "";
}

function describeState(fields: Fields, status: string): string {
  const rest = [textIn(fields, "stage"), textIn(fields, "error_message")].filter((part) => part !== undefined);
  return [status.replaceAll("_", " "), ...rest].join(" · ");
}

function describePlan(entries: unknown): string {
  if (!Array.isArray(entries)) return "";
  return entries
    .filter(isFields)
    .map((entry) => `- [${entry["status"] === "completed" ? "x" : " "}] ${textIn(entry, "content") ?? ""}`)
    .join("\n");
}

/** Numbers and texts of an object in a line. */
function describeFields(fields: Fields, without: readonly string[]): string {
  const parts = Object.entries(fields).filter(
    ([name, value]) => !without.includes(name) && value !== null && value !== undefined,
  );
  return parts
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}
