import { isObject } from "../../json-bytes/json-extents.ts";

/** A JSON-RPC notification of an agent, as a run's log has it (agent-tasks 5.1). */
export interface AgentNotification {
  /** `session/update`, or `_posthog/…` with one underscore, of which old logs have two. */
  method: string;
  params: Record<string, unknown>;
  /** ISO 8601, where the entry has a readable one. */
  timestamp: string | undefined;
}

/** Reads an entry of a run's log, or an event of its agent; undefined for anything that is no notification. */
export function readNotification(entry: unknown): AgentNotification | undefined {
  if (!isObject(entry)) return undefined;
  const notification = isObject(entry["notification"]) ? entry["notification"] : entry;
  const { method, params, jsonrpc } = notification;
  if (typeof method !== "string" || (notification === entry && jsonrpc !== "2.0")) return undefined;
  const { timestamp } = entry;
  return {
    method: method.startsWith("__") ? method.slice(1) : method,
    params: isObject(params) ? params : {},
    timestamp: typeof timestamp === "string" && !Number.isNaN(Date.parse(timestamp)) ? timestamp : undefined,
  };
}

/** The update of a `session/update` (Agent Client Protocol); undefined for other methods. */
export function readUpdate({ method, params }: AgentNotification): Record<string, unknown> | undefined {
  const { update } = params;
  return method === "session/update" && isObject(update) ? update : undefined;
}
