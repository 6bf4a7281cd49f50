import type { Config } from "../../config.ts";
import { describeExcess, maxBytesOf } from "../../artifacts/file-limits.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { SentArtifact } from "./artifact-fields.ts";

/** Base64 characters that are decoded at once; the last piece is longer by up to this many, so that it has the padding. */
const PIECE = 1_048_576;
const LAST_PIECE = 1_024;

/**
 * Bytes from their base64, in the same memory: what is decoded is never longer than what was read. Undefined for what is
 * no base64.
 */
export function decodeBase64(text: Uint8Array): Uint8Array | undefined {
  const decoder = new TextDecoder("latin1");
  let [read, written] = [0, 0];
  try {
    while (read < text.length) {
      const isLast = text.length - read <= PIECE + LAST_PIECE;
      const piece = decoder.decode(text.subarray(read, isLast ? text.length : read + PIECE));
      if (!isLast && piece.includes("=")) return undefined;
      const lastChunkHandling = isLast ? "loose" : "stop-before-partial";
      const step = text.subarray(written).setFromBase64(piece, { lastChunkHandling });
      read += isLast ? piece.length : step.read;
      written += step.written;
      // A piece of spaces alone brings nothing on.
      if (!isLast && step.read === 0) return undefined;
    }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return text.subarray(0, written);
}

/**
 * The bytes that artifacts were sent with (agent-tasks 7.2 `content_encoding`), in the memory of their contents; 400 for
 * the first that is no base64 or too large.
 */
export function decodeContents(config: Config, artifacts: readonly SentArtifact[]): Uint8Array[] {
  return artifacts.map((artifact, index) => {
    const refuse = (msg: string) =>
      new ApiError("validation_failed", msg, {
        errors: [{ loc: ["body", "artifacts", index, "content"], msg, type: "invalid_input" }],
      });
    const { content, content_encoding } = artifact;
    const bytes = content_encoding === "base64" ? decodeBase64(content) : content;
    if (!bytes) throw refuse("Invalid base64 content");
    const limit = maxBytesOf(config, artifact);
    if (bytes.length > limit) throw refuse(describeExcess(artifact, limit));
    return bytes;
  });
}
