import { z } from "zod";
import type { AgentMessage, CommandRequest } from "../../runs/protocol/agent-protocol.ts";
import { Link } from "../connection/link.ts";
import type { Server } from "../connection/server.ts";

/** Characters and number of events that wait to be accepted; then the agent's output is not read on. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
const MAX_WAITING_EVENTS = 10_000;
/** Characters of events in one message, unless one alone is larger: a message has 1 MiB of bytes at most. */
const MESSAGE_CHARACTERS = 200_000;
/** Milliseconds between pings. */
const PING_MS = 15_000;

const serverMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), last_accepted_seq: z.int(), complete: z.boolean() }),
  z.object({ type: z.literal("state"), state: z.object({ status: z.string() }) }),
  z.object({
    type: z.literal("command"),
    id: z.string(),
    message: z.custom<CommandRequest>((value) => value !== null),
  }),
  z.object({ type: z.literal("accepted"), last_accepted_seq: z.int() }),
  z.object({ type: z.literal("refused"), error: z.string(), last_accepted_seq: z.int() }),
]);

export interface ChannelOptions {
  server: Server;
  /** Of the run's stream. */
  path: string;
  /** The token of the run's events. */
  token: string;
  onCommand: (id: string, message: CommandRequest) => void;
  onStatus: (status: string) => void;
}

/**
 * The connection of an agent to its run (docs/live-streams.md, "As an agent"). Events are kept until they are accepted and
 * sent again after a break; while too many wait, `add` does.
 */
export class AgentChannel {
  readonly #options: ChannelOptions;
  readonly #link: Link;
  /** Events that are not accepted, the first of them numbered `#first`. */
  #waiting: string[] = [];
  #first = 1;
  #characters = 0;
  /** Of those that were sent on this connection. */
  #charactersOnTheWay = 0;
  /** The number after the last event that was sent on this connection. */
  #sent = 1;
  #isGreeted = false;
  #isReady = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  #completed: PromiseWithResolvers<void> | undefined;
  #isCompletionSent = false;
  /** Why the server takes no more events. */
  #refusal: string | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#link = new Link({
      url: options.server.socketUrl(`${options.path}?role=agent`),
      token: options.token,
      pingMs: PING_MS,
      onOpen: () => undefined,
      onText: (text) => this.#receive(text),
      // Done, malformed, or a newer connection has taken over.
      isFinal: (code) => [1000, 4001, 4003].includes(code),
    });
  }

  /** Settles when the connection has ended for good. */
  async run(): Promise<void> {
    const code = await this.#link.run();
    this.#end(`the connection to the run was closed (${code})`);
  }

  /** Settles when the run has answered for the first time. */
  get ready(): Promise<void> {
    return this.#isReady.promise;
  }

  /** Why events are no longer taken, if so. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Adds an event, JSON of an object; waits while too many are not accepted. Drops it once the run takes none. */
  async add(event: string): Promise<void> {
    while (this.#isFull() && this.#refusal === undefined) await this.#room.promise;
    if (this.#refusal !== undefined) return;
    this.#waiting.push(event);
    this.#characters += event.length;
    this.#flush();
  }

  answer(id: string, message: Record<string, unknown>): void {
    this.#link.send({ type: "answer", id, message } satisfies AgentMessage);
  }

  /** Says that these were all events, and settles when that is stored or the run takes no more. */
  async complete(): Promise<void> {
    this.#completed ??= Promise.withResolvers();
    this.#flush();
    if (this.#refusal !== undefined) return;
    await this.#completed.promise;
  }

  stop(): void {
    this.#link.stop();
  }

  #isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING_EVENTS || this.#characters >= MAX_WAITING_CHARACTERS;
  }

  #receive(text: string): void {
    const message = serverMessage.parse(JSON.parse(text));
    switch (message.type) {
      case "ready":
        return this.#greet(message.last_accepted_seq, message.complete);
      case "state":
        return this.#options.onStatus(message.state.status);
      case "command":
        return this.#options.onCommand(message.id, message.message);
      case "accepted":
        return this.#accept(message.last_accepted_seq);
      case "refused":
        return this.#end(message.error);
    }
  }

  /** After a break the run knows more than this does of what arrived; on the first greeting it numbers what was before. */
  #greet(last: number, isComplete: boolean): void {
    if (isComplete) {
      this.#accept(last);
      return this.#end("the events of this run are complete");
    }
    if (!this.#isGreeted) this.#first = last + 1;
    this.#isGreeted = true;
    this.#sent = last + 1;
    this.#isCompletionSent = false;
    this.#isReady.resolve();
    this.#charactersOnTheWay = 0;
    this.#accept(last);
  }

  #accept(last: number): void {
    const accepted = this.#waiting.splice(0, Math.max(0, last + 1 - this.#first));
    this.#first = Math.max(this.#first, last + 1);
    this.#characters -= charactersOf(accepted);
    this.#charactersOnTheWay = Math.max(0, this.#charactersOnTheWay - charactersOf(accepted));
    if (!this.#isFull()) {
      this.#room.resolve();
      this.#room = Promise.withResolvers();
    }
    // It is sent when nothing waits any more, so that this is the answer to it.
    if (this.#isCompletionSent) this.#completed?.resolve();
    this.#flush();
  }

  get #last(): number {
    return this.#first + this.#waiting.length - 1;
  }

  #flush(): void {
    if (!this.#isGreeted || !this.#link.isOpen || this.#refusal !== undefined) return;
    while (this.#sent <= this.#last && this.#isWorthAMessage()) {
      const events = this.#nextEvents();
      this.#link.sendText(`{"type":"events","seq":${this.#sent},"events":[${events.join(",")}]}`);
      this.#sent += events.length;
      this.#charactersOnTheWay += charactersOf(events);
    }
    if (!this.#completed || this.#isCompletionSent || this.#waiting.length > 0) return;
    this.#isCompletionSent = true;
    this.#link.send({ type: "complete", final_seq: this.#last } satisfies AgentMessage);
  }

  /**
   * The first event after a quiet time goes at once. While the run has yet to accept what was sent, further ones gather:
   * a message costs both sides far more than an event does.
   */
  #isWorthAMessage(): boolean {
    return this.#sent === this.#first || this.#characters - this.#charactersOnTheWay >= MESSAGE_CHARACTERS;
  }

  #nextEvents(): string[] {
    const events: string[] = [];
    let characters = 0;
    for (const event of this.#waiting.slice(this.#sent - this.#first)) {
      if (events.length > 0 && characters + event.length > MESSAGE_CHARACTERS) break;
      events.push(event);
      characters += event.length;
    }
    return events;
  }

  #end(reason: string): void {
    this.#refusal ??= reason;
    this.#isReady.resolve();
    this.#room.resolve();
    this.#completed?.resolve();
  }
}

function charactersOf(events: readonly string[]): number {
  return events.reduce((sum, event) => sum + event.length, 0);
}
