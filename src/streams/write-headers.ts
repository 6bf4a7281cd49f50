import { z } from "@hono/zod-openapi";
import { ApiError } from "../http/errors/error-table.ts";
import { CLOSED } from "../stream/durable/protocol.ts";
import type { StreamSettings } from "./object/stream-record.ts";

/** Longest life that can be asked for, in seconds: ten years. */
const MAX_LIFE_SECONDS = 315_360_000;

/** Without a type a stream holds bytes (5.1). */
const DEFAULT_TYPE = "application/octet-stream";

/** `type/subtype` with what may follow it (RFC 9110, 8.3.1). */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(\s*;[\u0020-\u007e\t]*)?$/;
const TYPE_MAX_LENGTH = 255;

const SECONDS = /^(0|[1-9]\d{0,14})$/;
/** RFC 3339. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Characters of a writer's `Stream-Seq` at most. */
const SEQ_MAX_LENGTH = 256;

const typeHeader = z.string().optional();

/** What a stream is made with. */
export const creationHeaders = z.object({
  "content-type": typeHeader.openapi({ example: "application/json", description: "The stream's own type" }),
  "stream-ttl": z.string().optional().openapi({
    example: "3600",
    description: "Seconds after its last read or write at which the stream is removed",
  }),
  "stream-expires-at": z.string().optional().openapi({
    example: "2027-01-01T00:00:00Z",
    description: "When it is removed in any case; not together with Stream-TTL",
  }),
  "stream-closed": z.string().optional().openapi({ example: "true", description: "`true`: nothing will follow" }),
  "stream-forked-from": z.string().optional().openapi({
    example: "/api/projects/@current/v1/stream/chat-16",
    description: "Forks are not offered: 400",
  }),
});

/** What an append says beside its producer. */
export const appendHeaders = z.object({
  "content-type": typeHeader.openapi({ example: "application/json", description: "The stream's own type" }),
  "stream-seq": z.string().max(SEQ_MAX_LENGTH).optional().openapi({
    example: "000017",
    description: "A text that sorts behind that of the append before; else 409. One order for all writers of a stream",
  }),
  "stream-closed": z.string().optional().openapi({
    example: "true",
    description: "`true`: nothing will follow. Without a body it only closes",
  }),
});

function refuse(detail: string): never {
  throw new ApiError("invalid_request", detail);
}

function readType(sent: string | undefined): string {
  const type = sent?.trim() ?? "";
  if (type === "") return DEFAULT_TYPE;
  return type.length <= TYPE_MAX_LENGTH && MEDIA_TYPE.test(type) ? type : refuse("Content-Type names no media type.");
}

function readTtl(sent: string): number {
  if (!SECONDS.test(sent))
    refuse("Stream-TTL must be a whole number of seconds, written without sign and leading zeros.");
  return Number(sent) <= MAX_LIFE_SECONDS
    ? Number(sent)
    : refuse(`Stream-TTL may be ${MAX_LIFE_SECONDS} seconds at most.`);
}

function readExpiry(sent: string): number {
  const time = TIMESTAMP.test(sent) ? Date.parse(sent) : NaN;
  if (Number.isNaN(time)) refuse("Stream-Expires-At must be a time as RFC 3339 writes it.");
  const life = time - Date.now();
  if (life <= 0) refuse("Stream-Expires-At has passed.");
  return life <= MAX_LIFE_SECONDS * 1000
    ? time
    : refuse(`Stream-Expires-At may lie ${MAX_LIFE_SECONDS} seconds ahead at most.`);
}

/** The settings of a stream that is to be made; throws `invalid_request` for what makes no sense. */
export function readSettings(headers: z.output<typeof creationHeaders>): StreamSettings {
  const { "content-type": type, "stream-ttl": ttl, "stream-expires-at": expiry } = headers;
  if (headers["stream-forked-from"] !== undefined) refuse("Stream-Forked-From: this server makes no forks.");
  if (ttl !== undefined && expiry !== undefined) refuse("Stream-TTL and Stream-Expires-At exclude one another.");
  return {
    contentType: readType(type),
    ttlSeconds: ttl === undefined ? null : readTtl(ttl),
    expiresAt: expiry === undefined ? null : readExpiry(expiry),
  };
}

/** Whether a request says that nothing will follow. Only `true` does (4.1). */
export function isClosing(headers: { [K in Lowercase<typeof CLOSED>]?: string | undefined }): boolean {
  return headers["stream-closed"] === "true";
}
