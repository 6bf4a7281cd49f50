import { ApiError } from "../../http/errors/error-table.ts";
import { findMember, isObject, parseJson, toLine } from "../../json-bytes/json-extents.ts";

/** A line of event_stream (agent-tasks 9): an event with its number, or the number of the last one. */
export type EventLine = { kind: "event"; seq: number; event: Uint8Array } | { kind: "complete"; final: number };

const COMPLETE_TYPE = "_posthog/stream_complete";

function refuse(detail: string): ApiError {
  return new ApiError("invalid_request", detail);
}

/** Reads a line. The event's bytes are those that came. Throws `malformed_json` or `invalid_request` with the reason. */
export function readEventLine(line: Uint8Array): EventLine {
  const value = parseJson(line);
  if (!isObject(value)) throw refuse("A line is no JSON object.");
  if (Reflect.get(value, "type") === COMPLETE_TYPE) {
    const final: unknown = Reflect.get(value, "final_seq");
    if (!Number.isSafeInteger(final) || Number(final) < 0) throw refuse("final_seq must be a whole number from 0.");
    return { kind: "complete", final: Number(final) };
  }
  const seq: unknown = Reflect.get(value, "seq");
  if (!Number.isSafeInteger(seq) || Number(seq) < 1) throw refuse("seq must be a whole number from 1.");
  const extent = findMember(line, "event");
  if (!extent || !isObject(Reflect.get(value, "event"))) throw refuse(`The event of seq ${String(seq)} is no object.`);
  return { kind: "event", seq: Number(seq), event: toLine(line, extent) };
}
