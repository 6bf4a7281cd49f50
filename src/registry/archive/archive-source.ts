import { ZipError } from "../../zip/read/zip-error.ts";
import type { ZipSource } from "../../zip/read/source.ts";

/**
 * An archive in R2 as a source of zip bytes. One read is one ranged `get`. With `etag`, bytes of an object that was
 * written anew since are never read. Throws `ArchiveGoneError` when the object is not there (or not that one).
 */
export function archiveSource(bucket: R2Bucket, key: string, size: number, etag?: string): ZipSource {
  return {
    length: size,
    read: async (offset, length) => {
      if (length === 0) return emptyStream();
      if (offset + length > size) throw new ZipError("truncated", "a record points behind the archive's end");
      const range = { offset, length };
      const object = await bucket.get(key, etag === undefined ? { range } : { range, onlyIf: { etagMatches: etag } });
      if (object === null || !("body" in object)) throw new ArchiveGoneError(key);
      return object.body;
    },
  };
}

/** An archive that a row refers to is not in R2: a version deleted meanwhile, or a store that lost it. */
export class ArchiveGoneError extends Error {
  override readonly name = "ArchiveGoneError";

  constructor(key: string) {
    super(`No such archive in R2: ${key}`);
  }
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
