import type { AgentMessage, ServerMessage } from "../../../src/runs/protocol/agent-protocol.ts";
import { callConfigured } from "../../configured.ts";
import { inTime } from "../../stream/event-client.ts";
import type { RunClient } from "../run-client.ts";
import { SocketClient } from "../socket-client.ts";

type Sent<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;

/** A run's agent over WebSocket. */
export class AgentPlayer {
  readonly #socket: SocketClient;

  constructor(response: Response) {
    this.#socket = new SocketClient(response);
  }

  get closed(): Promise<number> {
    return inTime(this.#socket.closed, "the close");
  }

  /** Messages that came and were not taken. */
  get waiting(): number {
    return this.#socket.waiting;
  }

  text(): Promise<string> {
    return this.#socket.text();
  }

  /** The next message, which is of this type. */
  async next<Type extends ServerMessage["type"]>(type: Type): Promise<Sent<Type>> {
    const text = await this.text();
    const message: ServerMessage = JSON.parse(text);
    if (!isOf(message, type)) throw new Error(`Not ${type}: ${text}`);
    return message;
  }

  /** Takes what comes first: `ready` and the run's state, which it returns. */
  async greeted(): Promise<{ ready: Sent<"ready">; state: Record<string, unknown> }> {
    return { ready: await this.next("ready"), state: (await this.next("state")).state };
  }

  say(message: AgentMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.#socket.send(text);
  }

  leave(): void {
    this.#socket.leave();
  }
}

function isOf<Type extends ServerMessage["type"]>(message: ServerMessage, type: Type): message is Sent<Type> {
  return message.type === type;
}

export const agentPath = ({ taskId, runId }: RunClient, query = "") =>
  `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream?role=agent${query}`;

/** Connects a run's agent with a key, under other settings where some are given. */
export async function connectAgent(client: RunClient, settings: Record<string, unknown> = {}): Promise<AgentPlayer> {
  const headers = { Authorization: `Bearer ${client.adminKey}`, Upgrade: "websocket" };
  return new AgentPlayer(await callConfigured(settings, agentPath(client), { headers }));
}
