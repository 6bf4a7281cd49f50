import type { CommandRequest } from "./agent-protocol.ts";

/** A JSON-RPC request to an agent. */
export interface AgentCommand {
  method: string;
  params: Record<string, unknown>;
  id: string | number | null;
}

/** What becomes of a command (agent-tasks 8.1). `answer` is the agent's JSON, byte for byte. */
export type CommandOutcome = { ok: true; answer: Uint8Array<ArrayBuffer> } | CommandFailure;

export interface CommandFailure {
  ok: false;
  reason: "unreachable" | "timeout" | "failed" | "ended" | "busy";
  message: string;
}

export const NO_ANSWER: CommandFailure = {
  ok: false,
  reason: "unreachable",
  message: "Agent server is not reachable",
};
export const TIMEOUT: CommandFailure = { ok: false, reason: "timeout", message: "Agent server request timed out" };
export const RUN_ENDED: CommandFailure = { ok: false, reason: "ended", message: "Task run workflow has ended" };

export const failed = (message: string): CommandFailure => ({ ok: false, reason: "failed", message });

export const TOO_LONG = failed("Agent server answered with more than is allowed");

/** A command as the agent gets it: parameters and id only where there are some (8.1). */
export function toRequest({ method, params, id }: AgentCommand): CommandRequest {
  return {
    jsonrpc: "2.0",
    method,
    ...(Object.keys(params).length > 0 && { params }),
    ...(id !== null && { id }),
  };
}
