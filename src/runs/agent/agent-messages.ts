import { z } from "zod";
import { ApiError } from "../../http/errors/error-table.ts";
import type { SourceStep } from "../../stream/journal/numbered-source.ts";
import { AGENT_MESSAGE_MAX_BYTES } from "../protocol/agent-protocol.ts";
import { readEntries } from "../log/log-entries.ts";
import { findMember, parseJson, skipSpaceBack } from "../../json-bytes/json-extents.ts";

/** What an agent's message (agent-protocol.ts) says. */
export type ReadMessage =
  | { kind: "step"; step: SourceStep }
  /** The answer to a command; its bytes are those that came. */
  | { kind: "answer"; id: string; answer: Uint8Array<ArrayBuffer> }
  /** It has more bytes than it may; `id` is that of the command that it answers, if it does. */
  | { kind: "too_large"; id: string | undefined }
  | { kind: "malformed" };

/** Characters of a message that is too large in which its `type` and `id` are looked for. */
const HEAD_LENGTH = 256;

const MALFORMED: ReadMessage = { kind: "malformed" };

const eventsHead = z.object({ type: z.literal("events"), seq: z.int().min(1) });
const answerHead = z.object({ type: z.literal("answer"), id: z.string() });

const small = z.discriminatedUnion("type", [
  z.object({ type: z.literal("complete"), final_seq: z.int().min(0) }),
  answerHead.extend({ message: z.record(z.string(), z.unknown()) }),
]);

const encoder = new TextEncoder();

/** Reads a message of an agent. */
export function readAgentMessage(message: string | ArrayBuffer): ReadMessage {
  if (typeof message !== "string") return MALFORMED;
  const bytes = message.length > AGENT_MESSAGE_MAX_BYTES ? undefined : encoder.encode(message);
  try {
    if (!bytes || bytes.length > AGENT_MESSAGE_MAX_BYTES) return readTooLarge(message);
    return readBytes(bytes);
  } catch (error) {
    if (error instanceof ApiError) return MALFORMED;
    throw error;
  }
}

function readBytes(bytes: Uint8Array): ReadMessage {
  const head = eventsHead.safeParse({ type: valueOf(bytes, "type"), seq: valueOf(bytes, "seq") });
  if (head.success) {
    return { kind: "step", step: { kind: "append", first: head.data.seq, ...readEntries(bytes, "events") } };
  }
  const { data } = small.safeParse(parseJson(bytes));
  const answer = findMember(bytes, "message");
  if (data?.type === "complete") return { kind: "step", step: { kind: "complete", final: data.final_seq } };
  return data && answer
    ? { kind: "answer", id: data.id, answer: bytes.slice(answer.start, skipSpaceBack(bytes, answer.end)) }
    : MALFORMED;
}

/** Only the head is read: the rest is not worth the memory that it would take. */
function readTooLarge(message: string): ReadMessage {
  const bytes = encoder.encode(message.slice(0, HEAD_LENGTH));
  const head = answerHead.safeParse({ type: valueOf(bytes, "type"), id: valueOf(bytes, "id") });
  return { kind: "too_large", id: head.data?.id };
}

/** The value of `key` in an object's text; undefined where it has none. */
function valueOf(bytes: Uint8Array, key: string): unknown {
  const extent = findMember(bytes, key);
  return extent && parseJson(bytes.subarray(extent.start, extent.end));
}
