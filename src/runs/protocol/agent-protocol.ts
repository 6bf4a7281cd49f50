/**
 * What a run and its agent say to each other over WebSocket (docs/live-streams.md, "As an agent"): JSON texts both ways.
 * This module imports nothing, so that a client can use its types.
 */

/** In front of a stream token that is offered as a subprotocol. */
export const TOKEN_PROTOCOL_PREFIX = "bearer.";

/** Bytes of a message from the agent. */
export const AGENT_MESSAGE_MAX_BYTES = 1024 * 1024;

/** Why the server closes an agent's connection. */
export const AGENT_CLOSE_CODES = {
  /** The run has ended and its events are complete. */
  complete: 1000,
  /** The server failed: the agent connects again. */
  failed: 1011,
  /** What the agent sent is none of its messages. */
  malformed: 4001,
  /** It was sent AGENT_UNHEARD_MAX_BYTES and said nothing: the agent connects again. */
  unheard: 4002,
  /** A newer connection of the run's agent took the place of this one. */
  replaced: 4003,
  /** The key or token that opened the connection is good no more: the agent connects again with another one. */
  accessEnded: 4004,
} as const;

/** Bytes that are sent to an agent from which nothing comes: the runtime does not tell what it has taken. */
export const AGENT_UNHEARD_MAX_BYTES = 16_000_000;

/** A JSON-RPC 2.0 request (agent-tasks 8.1); `params` and `id` only where there are some. */
export interface CommandRequest {
  jsonrpc: "2.0";
  method: string;
  params?: Record<string, unknown>;
  id?: string | number;
}

/** What the agent sends. */
export type AgentMessage =
  /** Events numbered `seq`, `seq` + 1, and so on, of all events of the run, from 1. */
  | { type: "events"; seq: number; events: Record<string, unknown>[] }
  /** There were `final_seq` events, and no more will come. */
  | { type: "complete"; final_seq: number }
  /** The answer to the command of this `id`: a JSON-RPC answer, which goes to who sent the command as it is. */
  | { type: "answer"; id: string; message: Record<string, unknown> };

/** What the server sends. */
export type ServerMessage =
  /** First: how many of the agent's events are stored, and whether it said that these were all. */
  | { type: "ready"; last_accepted_seq: number; complete: boolean }
  /** The run (agent-tasks 6.2, task_run_state): after `ready`, and on each change. */
  | { type: "state"; state: Record<string, unknown> }
  /** A command, to be answered with its `id`. */
  | { type: "command"; id: string; message: CommandRequest }
  /** The answer to `events` or `complete`: what it brought is durable. */
  | { type: "accepted"; accepted: number; duplicate: number; last_accepted_seq: number }
  /** The other answer to them: nothing of the message is stored. */
  | { type: "refused"; error: string; last_accepted_seq: number };
