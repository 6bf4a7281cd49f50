/** Words of the Durable Streams protocol: its headers, and what a stream's media type means for how it is read. */

export const NEXT_OFFSET = "Stream-Next-Offset";
export const UP_TO_DATE = "Stream-Up-To-Date";
export const CLOSED = "Stream-Closed";
export const CURSOR = "Stream-Cursor";
export const TTL = "Stream-TTL";
export const EXPIRES_AT = "Stream-Expires-At";
export const SSE_ENCODING = "Stream-SSE-Data-Encoding";

/** How a stream is read: JSON by its messages, text and other bytes as they came. Server-sent events have the latter in base64. */
export type MediaKind = "json" | "text" | "bytes";

/** A media type without its parameters, as types are compared. */
export function bareType(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

export function kindOf(contentType: string): MediaKind {
  const type = bareType(contentType);
  if (type === "application/json") return "json";
  return type.startsWith("text/") ? "text" : "bytes";
}
