/** A media type with parameters, in characters that a header can have (RFC 9110, 8.3). */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;[\x20-\x7e\t]*)?$/;

/** Types that no browser runs code of, whatever is in them. */
const INERT_TYPES = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain)\s*(?:;|$)/i;

/** The Content-Type to store and serve for what a sender said: octet-stream where that was nothing, or no type. */
export function storedType(contentType: string): string {
  const type = contentType.trim();
  return MEDIA_TYPE.test(type) ? type : "application/octet-stream";
}

/** Whether a browser may show a file of this type in place: it is no page, no script and nothing that holds one. */
export function isInert(contentType: string): boolean {
  return INERT_TYPES.test(contentType);
}
