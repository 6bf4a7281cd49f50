/** A media type with parameters, in characters that a header can have (RFC 9110, 8.3). */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;[\x20-\x7e\t]*)?$/;

/** Types that no browser runs code of, whatever is in them: a list, since a pattern takes in what nobody has thought of. */
const INERT_TYPES: ReadonlySet<string> = new Set(
  [
    "image/png image/jpeg image/gif image/webp image/avif image/bmp",
    "audio/aac audio/flac audio/mp4 audio/mpeg audio/ogg audio/opus audio/wav audio/wave audio/webm audio/x-wav",
    "video/mp4 video/mpeg video/ogg video/quicktime video/webm",
    "text/plain",
  ]
    .join(" ")
    .split(" "),
);

/** The Content-Type to store and serve for what a sender said: octet-stream where that was nothing, or no type. */
export function storedType(contentType: string): string {
  const type = contentType.trim();
  return MEDIA_TYPE.test(type) ? type : "application/octet-stream";
}

/** Whether a browser may show a file of this type in place: it is no page, no script and nothing that holds one. */
export function isInert(contentType: string): boolean {
  return INERT_TYPES.has(contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "");
}
