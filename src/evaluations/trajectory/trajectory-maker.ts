import type { TrajectoryStep } from "./atif-schema.ts";
import { textOf } from "./content-text.ts";
import { type AgentNotification, readNotification, readUpdate } from "./notification.ts";
import { GrowingText, StepDraft } from "./step-draft.ts";
import { readAmounts } from "./usage-meter.ts";

/** Steps that wait for the results of their tool calls, and what they may hold in all, in characters. */
const MAX_WAITING = 50;
const MAX_WEIGHT = 8_000_000;

/** Tool calls of a step; more are a step of their own. */
const MAX_CALLS = 500;

export interface TrajectoryStart {
  /** What the agent was told: the first step. */
  instruction: string;
  modelName?: string | undefined;
}

/**
 * Makes the steps of an ATIF trajectory from the log of one attempt of a run, entry by entry (docs/trajectories.md). A step
 * of the agent is what it thought, said and called before results made it go on. Chunks are joined, and a message that
 * repeats its chunks whole is no second one. Steps come out in their order, each once its tool calls have ended; a call
 * that does not end is waited for as long as 50 steps or 8 MB.
 */
export class TrajectoryMaker {
  readonly #modelName: string | undefined;
  readonly #instruction: string;
  /** Steps that are not out yet, in their order; the last one is being added to. */
  #waiting: StepDraft[] = [];
  /** Steps so far. */
  #count = 0;
  /** Lines of an agent that says nothing but lines; undefined once it has spoken in updates. */
  #lines: GrowingText | undefined = new GrowingText();
  #linesSince: string | undefined;

  constructor({ instruction, modelName }: TrajectoryStart) {
    this.#modelName = modelName;
    this.#instruction = instruction;
    this.#begin("user", undefined).message.add(instruction);
  }

  /** How many steps there are so far. */
  get stepCount(): number {
    return this.#count;
  }

  /** Takes an entry of the log, and returns the steps that are complete by now. */
  add(entry: unknown): TrajectoryStep[] {
    const notification = readNotification(entry);
    if (notification === undefined) return [];
    const update = readUpdate(notification);
    if (update !== undefined) this.#take(update, notification.timestamp);
    else if (notification.method === "_posthog/console") this.#takeLine(notification);
    return this.#release();
  }

  /** The steps that are left. Those of a program that has only written lines are its lines, as one message. */
  end(): TrajectoryStep[] {
    if (this.#lines !== undefined && this.#lines.length > 0)
      this.#begin("agent", this.#linesSince).message = this.#lines;
    return this.#waiting.splice(0).map((draft) => draft.toStep(this.#modelName));
  }

  #take(update: Record<string, unknown>, timestamp: string | undefined): void {
    const { sessionUpdate: kind, content, messageId, toolCallId } = update;
    const text = textOf(content ?? update["message"] ?? update["text"]);
    switch (kind) {
      case "user_message":
        return this.#takeUserMessage(text, timestamp);
      case "user_message_chunk":
        if (!this.#isInstruction(text)) this.#userStep(timestamp).addChunk(text, messageId);
        return;
      case "agent_message":
        return this.#takeAgentMessage(text, timestamp);
      case "agent_message_chunk":
        return this.#agentStep(timestamp).addChunk(text, messageId);
      case "agent_thought":
      case "agent_thought_chunk":
        return this.#agentStep(timestamp).reasoning.add(text);
      case "tool_call":
      case "tool_call_update":
        if (typeof toolCallId === "string") this.#callStep(toolCallId, timestamp).updateCall(toolCallId, update);
        return;
      case "usage":
        return this.#current("agent")?.addMetrics(readAmounts(update));
      default:
        return;
    }
  }

  #takeUserMessage(text: string, timestamp: string | undefined): void {
    const current = this.#current("user");
    const isRepeated = current !== undefined && current.message.toString().trim() === text.trim();
    if (!isRepeated && !this.#isInstruction(text)) this.#begin("user", timestamp).message.add(text);
  }

  /** Whether it is the first thing that is said, and the instruction, which stands there already. */
  #isInstruction(text: string): boolean {
    return this.#count === 1 && text.trim() === this.#instruction.trim();
  }

  #takeAgentMessage(text: string, timestamp: string | undefined): void {
    const current = this.#waiting.findLast(({ source }) => source === "agent");
    if (current?.chunked === true && current.message.toString().trim().endsWith(text.trim())) return;
    const step = this.#agentStep(timestamp);
    (step.message.length === 0 ? step : this.#begin("agent", timestamp)).message.add(text);
  }

  #takeLine({ params: { level, message }, timestamp }: AgentNotification): void {
    if (this.#lines === undefined || level !== "info" || typeof message !== "string") return;
    this.#linesSince ??= timestamp;
    this.#lines.add(`${message}\n`);
  }

  /** The step that is being added to, if it is of this source. */
  #current(source: "user" | "agent"): StepDraft | undefined {
    const last = this.#waiting.at(-1);
    return last?.source === source ? last : undefined;
  }

  #userStep(timestamp: string | undefined): StepDraft {
    const current = this.#current("user");
    return current?.chunked === true ? current : this.#begin("user", timestamp);
  }

  /** The step that a thought or a message belongs to: the one before its calls, or else a new one. */
  #agentStep(timestamp: string | undefined): StepDraft {
    this.#lines = undefined;
    const current = this.#current("agent");
    return current !== undefined && !current.hasCalls ? current : this.#begin("agent", timestamp);
  }

  /** The step that a tool call belongs to: its own; the last one, while that waits for others; or a new one. */
  #callStep(callId: string, timestamp: string | undefined): StepDraft {
    this.#lines = undefined;
    const own = this.#waiting.findLast((draft) => draft.has(callId));
    if (own !== undefined) return own;
    const current = this.#current("agent");
    const isOpen = current !== undefined && (!current.hasCalls || !current.isSettled) && current.callCount < MAX_CALLS;
    return isOpen ? current : this.#begin("agent", timestamp);
  }

  #begin(source: "user" | "agent", timestamp: string | undefined): StepDraft {
    this.#count++;
    const draft = new StepDraft(this.#count, source, timestamp);
    this.#waiting.push(draft);
    return draft;
  }

  /** Takes out the first steps, up to one that waits for a result, or that is being added to. */
  #release(): TrajectoryStep[] {
    const steps: TrajectoryStep[] = [];
    let weight = this.#waiting.reduce((sum, draft) => sum + draft.weight, 0);
    for (const [index, draft] of this.#waiting.entries()) {
      const left = this.#waiting.length - index;
      if (weight <= MAX_WEIGHT && (left === 1 || (!draft.isSettled && left <= MAX_WAITING))) break;
      weight -= draft.weight;
      steps.push(draft.toStep(this.#modelName));
    }
    this.#waiting.splice(0, steps.length);
    return steps;
  }
}
