import type { ProducerPosition, ProducerRefusal } from "../../stream/journal/producers.ts";
import type { StreamSettings } from "./stream-record.ts";

/** What a stream's object is asked with and what it answers: failures are values, which cross RPC whole. */

/** Where a stream ends: its next offset, and whether nothing will follow. */
export interface StreamPlace {
  nextOffset: string;
  closed: boolean;
}

/** What a stream is made with: settings, its first entries, and whether these are all. */
export interface Creation extends StreamSettings {
  body: Uint8Array;
  closed: boolean;
}

/** Limits of what a stream may hold. */
export interface StreamLimits {
  /** Bytes of its object. */
  maxBytes: number;
}

/** What is appended. Without a body it only closes the stream. */
export interface Append {
  /** For a JSON stream its messages as lines, for any other the bytes that came; empty where there is no body. */
  body: Uint8Array;
  /** The request's media type, if it had one. */
  contentType: string | undefined;
  closes: boolean;
  /** The writer's `Stream-Seq`. */
  seq: string | undefined;
  producer: ProducerPosition | undefined;
}

export type StreamNotFound = { ok: false; reason: "not_found" };
export type StreamFull = { ok: false; reason: "stream_full" };

/** `made` is false where the stream was there already, as it is asked for. */
export type Created =
  | ({ ok: true; made: boolean; contentType: string } & StreamPlace)
  | { ok: false; reason: "other_settings" | "no_room" }
  | StreamFull;

/** `duplicate`: a numbered batch that was stored before. `last` is its producer's highest number. */
export type Appended =
  | ({ ok: true; duplicate: boolean; last: number | undefined } & StreamPlace)
  | StreamNotFound
  | StreamFull
  | ProducerRefusal
  | ({ ok: false; reason: "closed" } & StreamPlace)
  | { ok: false; reason: "empty" | "no_type" | "other_type" | "stale_seq" };

export const STREAM_NOT_FOUND: StreamNotFound = { ok: false, reason: "not_found" };
export const STREAM_FULL: StreamFull = { ok: false, reason: "stream_full" };
