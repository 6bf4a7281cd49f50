import { parseDictionary, ParseError } from "structured-headers";
import { ApiError } from "../../http/errors/error-table.ts";

/** Bytes of a SHA-256. */
const SHA256_BYTES = 32;

/**
 * The SHA-256 that a request's `Content-Digest` announces (RFC 9530), in hex; undefined when the header is absent or
 * names other algorithms only. Refuses a header that cannot be read: its sender wanted a check.
 */
export function announcedSha256(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  let digest: unknown;
  try {
    const [item] = parseDictionary(header).get("sha-256") ?? [];
    digest = item;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw malformed("it is not a dictionary of RFC 9530");
  }
  if (digest === undefined) return undefined;
  if (!(digest instanceof ArrayBuffer) || digest.byteLength !== SHA256_BYTES) {
    throw malformed("sha-256 is not 32 bytes in base64 between colons");
  }
  return toHex(digest);
}

/** Refuses bytes whose SHA-256 is another than the announced one. */
export function expectDigest(announced: string | undefined, actual: string): void {
  if (announced === undefined || announced === actual) return;
  throw wrongDigest(
    ["header", "content-digest"],
    `Content-Digest announces SHA-256 ${announced}, the bytes that arrived have ${actual}. Send them again.`,
  );
}

/** Lower-case hex, as digests are stored and shown. */
export function toHex(digest: ArrayBuffer): string {
  return new Uint8Array(digest).toHex();
}

function malformed(reason: string): ApiError {
  return wrongDigest(["header", "content-digest"], `Content-Digest cannot be read: ${reason}.`);
}

function wrongDigest(loc: string[], msg: string): ApiError {
  return new ApiError("validation_failed", msg, { errors: [{ loc, msg, type: "digest" }] });
}
