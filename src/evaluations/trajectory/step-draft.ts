import { isObject } from "../../json-bytes/json-extents.ts";
import type { ItemUsage } from "../statistics/item-result.ts";
import type { StepMetrics, TrajectoryStep } from "./atif-schema.ts";
import { textOf } from "./content-text.ts";

/** Characters of a message, of reasoning and of a result that are kept. */
export const MAX_TEXT = 1_000_000;

/** Text that comes in pieces; what is past its limit is counted and left out. */
export class GrowingText {
  #pieces: string[] = [];
  length = 0;
  left = 0;

  add(piece: string): void {
    const kept = piece.slice(0, MAX_TEXT - this.length);
    this.#pieces.push(kept);
    this.length += kept.length;
    this.left += piece.length - kept.length;
  }

  toString(): string {
    if (this.#pieces.length > 1) this.#pieces = [this.#pieces.join("")];
    return this.#pieces[0] ?? "";
  }
}

interface ToolCall {
  name: string | undefined;
  title: string | undefined;
  status: string | undefined;
  arguments: Record<string, unknown>;
  result: string | undefined;
  /** Characters of the result that were left out. */
  left: number;
  /** Characters of its arguments. */
  size: number;
}

/** A step of a trajectory while its pieces come. */
export class StepDraft {
  readonly id: number;
  readonly source: "user" | "agent";
  readonly #timestamp: string | undefined;
  message = new GrowingText();
  readonly reasoning = new GrowingText();
  readonly #calls = new Map<string, ToolCall>();
  /** Calls that have not ended. */
  readonly #open = new Set<string>();
  #callsWeight = 0;
  readonly #metrics: StepMetrics = {};
  /** The message that the last piece belonged to: undefined where it came whole. */
  #messageId: unknown;
  /** Whether its message came in chunks. */
  chunked = false;

  constructor(id: number, source: "user" | "agent", timestamp: string | undefined) {
    this.id = id;
    this.source = source;
    this.#timestamp = timestamp;
  }

  get hasCalls(): boolean {
    return this.#calls.size > 0;
  }

  get callCount(): number {
    return this.#calls.size;
  }

  /** Whether every tool call has ended. */
  get isSettled(): boolean {
    return this.#open.size === 0;
  }

  /** Characters that it holds, about. */
  get weight(): number {
    return this.message.length + this.reasoning.length + this.#callsWeight;
  }

  /** Adds a piece of a message. Messages that have ids of their own are set apart by an empty line. */
  addChunk(text: string, messageId: unknown): void {
    if (this.message.length > 0 && messageId !== this.#messageId) this.message.add("\n\n");
    this.message.add(text);
    this.#messageId = messageId;
    this.chunked = true;
  }

  has(callId: string): boolean {
    return this.#calls.has(callId);
  }

  /** Takes a tool_call or a tool_call_update; what an update does not name stays. */
  updateCall(callId: string, update: Record<string, unknown>): void {
    const { title, status, rawInput = null } = update;
    const call = this.#calls.get(callId) ?? newCall();
    this.#calls.set(callId, call);
    this.#callsWeight -= weightOf(call);
    call.name = nameOf(update) ?? call.name;
    if (typeof title === "string") call.title = title;
    if (typeof status === "string") call.status = status;
    if (rawInput !== null) {
      call.arguments = isObject(rawInput) ? rawInput : { input: rawInput };
      call.size = JSON.stringify(rawInput).length;
    }
    const result = resultOf(update);
    if (result !== undefined) {
      call.result = result.slice(0, MAX_TEXT);
      call.left = result.length - call.result.length;
    }
    this.#callsWeight += weightOf(call);
    if (ENDED.has(call.status)) this.#open.delete(callId);
    else this.#open.add(callId);
  }

  addMetrics({ inputTokens, outputTokens, cachedTokens, costUsd }: ItemUsage): void {
    const add = (field: keyof StepMetrics, value: number | null) => {
      if (value !== null) this.#metrics[field] = Number(this.#metrics[field] ?? 0) + value;
    };
    add("prompt_tokens", inputTokens);
    add("completion_tokens", outputTokens);
    add("cached_tokens", cachedTokens);
    add("cost_usd", costUsd);
  }

  toStep(modelName: string | undefined): TrajectoryStep {
    const calls = [...this.#calls];
    const results = calls.flatMap(([id, { result }]) =>
      result === undefined ? [] : [{ source_call_id: id, content: result }],
    );
    const extra = this.#extra();
    return {
      step_id: this.id,
      ...(this.#timestamp !== undefined && { timestamp: this.#timestamp }),
      source: this.source,
      ...(this.source === "agent" && modelName !== undefined && { model_name: modelName }),
      message: this.message.toString(),
      ...(this.reasoning.length > 0 && { reasoning_content: this.reasoning.toString() }),
      ...(calls.length > 0 && {
        tool_calls: calls.map(([id, call]) => ({
          tool_call_id: id,
          function_name: call.name ?? call.title ?? "tool",
          arguments: call.arguments,
        })),
      }),
      ...(results.length > 0 && { observation: { results } }),
      ...(Object.keys(this.#metrics).length > 0 && { metrics: this.#metrics }),
      ...(Object.keys(extra).length > 0 && { extra }),
    };
  }

  /** What ATIF has no field for: titles and states of calls, and how much of the text was too long. */
  #extra(): Record<string, unknown> {
    const calls = [...this.#calls].map(([id, { title, status }]) => [id, { title, status }]);
    let left = this.message.left + this.reasoning.left;
    for (const call of this.#calls.values()) left += call.left;
    return {
      ...(calls.length > 0 && { tool_calls: Object.fromEntries(calls) }),
      ...(left > 0 && { characters_left_out: left }),
    };
  }
}

const ENDED: ReadonlySet<string | undefined> = new Set(["completed", "failed"]);

const newCall = (): ToolCall => ({
  name: undefined,
  title: undefined,
  status: undefined,
  arguments: {},
  result: undefined,
  left: 0,
  size: 0,
});

const weightOf = ({ size, result }: ToolCall) => size + (result?.length ?? 0);

/** The name of a call's function: the tool's, which agents tell beside the protocol's fields, else the kind of tool. */
function nameOf({ _meta: meta, kind }: Record<string, unknown>): string | undefined {
  for (const value of isObject(meta) ? [meta, ...Object.values(meta)] : []) {
    if (isObject(value) && typeof value["toolName"] === "string") return value["toolName"];
  }
  return typeof kind === "string" && kind !== "other" ? kind : undefined;
}

/** What a call gave, if the update says so: its raw output, else the content that was shown. */
function resultOf({ rawOutput = null, content = null }: Record<string, unknown>): string | undefined {
  if (rawOutput !== null) return typeof rawOutput === "string" ? rawOutput : JSON.stringify(rawOutput);
  const text = content === null ? "" : textOf(content);
  return text === "" ? undefined : text;
}
