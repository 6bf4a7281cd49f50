import { ApiError } from "../http/errors/error-table.ts";
import { storedType } from "./media-type.ts";
import type { UploadGrant } from "./upload-form.ts";

function wrongLength(grant: UploadGrant, what: string): ApiError {
  return new ApiError("request_refused", `The file has ${what} the ${grant.size} bytes announced. Nothing was stored.`);
}

/**
 * The bytes of a file as they come; fails with 400 as soon as they are more, or at the end less, than allowed. The last
 * ones are held back until then: who stores them cannot be through with a file that is refused.
 */
async function* exactly(grant: UploadGrant, file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let received = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of file) {
    received += chunk.byteLength;
    if (received > grant.size) throw wrongLength(grant, "more than");
    if (held) yield held;
    held = chunk;
  }
  if (received < grant.size) throw wrongLength(grant, `${received} of`);
  if (held) yield held;
}

/** Writes what comes; closes at the end, and ends with the same error when the source fails. */
async function move(source: AsyncIterable<Uint8Array>, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of source) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

/** Takes a file that is there already: the same bytes are acknowledged, which a client repeats that had no answer. */
async function compareWith(object: R2Object, grant: UploadGrant, file: AsyncIterable<Uint8Array>): Promise<void> {
  const digest = new crypto.DigestStream("MD5");
  // A digest that is aborted rejects; the error itself comes from `move`.
  digest.digest.catch(() => undefined);
  await move(exactly(grant, file), digest.getWriter());
  const md5 = new Uint8Array(await digest.digest).toHex();
  if (md5 !== object.checksums.toJSON().md5) {
    throw new ApiError("state_conflict", "This form has taken another file already.");
  }
}

/**
 * Stores a file under its key, once, as it comes: R2 is told the length in front. Nothing is left behind of a file that
 * is shorter or longer than announced, or that breaks off.
 */
export async function storeUpload(
  bucket: R2Bucket,
  grant: UploadGrant,
  file: AsyncIterable<Uint8Array>,
): Promise<void> {
  const there = await bucket.head(grant.key);
  if (there) return compareWith(there, grant, file);
  const pipe = new FixedLengthStream(grant.size);
  const writer: WritableStreamDefaultWriter<Uint8Array> = pipe.writable.getWriter();
  const storing = bucket.put(grant.key, pipe.readable, {
    httpMetadata: { contentType: storedType(grant.contentType) },
    onlyIf: { etagDoesNotMatch: "*" },
  });
  // Without its reader the pipe would never take another chunk.
  const giveUp = () => writer.abort().catch(() => undefined);
  const stopped = storing.then((object) => (object ? undefined : giveUp()), giveUp);
  const [stored, moved] = await Promise.allSettled([storing, move(exactly(grant, file), writer), stopped]);
  // The file's fault comes first: a store that was cut off only reports the consequence.
  if (moved.status === "rejected" && moved.reason instanceof ApiError) throw moved.reason;
  if (stored.status === "rejected") throw stored.reason;
  if (!stored.value) throw new ApiError("state_conflict", "This form is being used by another request.");
  if (moved.status === "rejected") throw moved.reason;
}
