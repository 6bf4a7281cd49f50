import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { BodyPace } from "../../http/request-body.ts";
import { toHex } from "./upload-digest.ts";

/** Bytes taken from the request at once. */
const CHUNK_SIZE = 65_536;

/** What clients call an archive; the last one is what `curl --data-binary` says when it is told nothing. */
const ARCHIVE_TYPES = new Set([
  "application/zip",
  "application/x-zip-compressed",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
]);

/** How raw bytes stand in the OpenAPI document. */
export const rawBody = {
  content: {
    "application/zip": { schema: { type: "string" as const, format: "binary" } },
    "application/octet-stream": { schema: { type: "string" as const, format: "binary" } },
  },
  required: true,
};

/** A raw request body: its bytes and how many its sender announces. */
export interface RawBody {
  stream: ReadableStream<Uint8Array>;
  length: number;
  pace: BodyPace;
}

/**
 * The raw body of a request, unread. Refuses other media types (415), an unknown length (411), no bytes at all (422) and
 * more than `maxBytes` (413, with `whenLarger` telling the way out).
 */
export function expectRawBody(c: AppContext, maxBytes: number, whenLarger: string): RawBody {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== "" && !ARCHIVE_TYPES.has(type)) {
    const detail = `Unsupported media type '${type}': send the bytes with Content-Type: application/zip.`;
    throw new ApiError("unsupported_media_type", detail);
  }
  const length = announcedLength(c);
  if (length > maxBytes) {
    throw new ApiError("body_too_large", `The body has ${length} bytes; at most ${maxBytes} are taken. ${whenLarger}`);
  }
  const stream = c.req.raw.body;
  if (length === 0 || stream === null) {
    const msg = "The body is empty: send the bytes of the archive.";
    throw new ApiError("validation_failed", msg, { errors: [{ loc: ["body"], msg, type: "empty" }] });
  }
  return { stream, length, pace: new BodyPace(configOf(c)) };
}

function announcedLength(c: AppContext): number {
  const header = c.req.header("content-length");
  if (header !== undefined && /^\d{1,15}$/.test(header)) return Number(header);
  // A request without a body needs no Content-Length (RFC 9110, 8.6).
  if (header === undefined && c.req.raw.body === null) return 0;
  throw new ApiError(
    "length_required",
    "Content-Length is required: the archive is streamed into a store that needs it.",
  );
}

/**
 * Moves a body into `store` while its SHA-256 (hex) is computed; memory does not grow with it. A body that breaks off,
 * or is shorter or longer than announced, fails with ApiError, and so does the stream that `store` reads.
 */
export async function storeHashed<T>(
  body: RawBody,
  store: (stream: ReadableStream<Uint8Array>) => Promise<T>,
): Promise<{ stored: T; sha256: string }> {
  const pipe = new FixedLengthStream(body.length);
  const writer: WritableStreamDefaultWriter<Uint8Array> = pipe.writable.getWriter();
  const storing = store(pipe.readable).catch(async (error: unknown) => {
    // Without its reader the pipe would never take another chunk.
    await writer.abort(error);
    throw error;
  });
  const moving = moveHashed(body, (chunk) => writer.write(chunk)).then(
    async (sha256) => {
      await writer.close();
      return sha256;
    },
    async (error: unknown) => {
      await writer.abort(error);
      throw error;
    },
  );
  const [stored, moved] = await Promise.allSettled([storing, moving]);
  // The body's fault comes first: a store that was cut off only reports the consequence.
  if (moved.status === "rejected" && moved.reason instanceof ApiError) throw moved.reason;
  if (stored.status === "rejected") throw stored.reason;
  if (moved.status === "rejected") throw moved.reason;
  return { stored: stored.value, sha256: moved.value };
}

/** Reads a body to its end for its SHA-256 (hex) alone. Fails like `storeHashed`. */
export function hashBody(body: RawBody): Promise<string> {
  return moveHashed(body, () => Promise.resolve());
}

async function moveHashed(body: RawBody, write: (chunk: Uint8Array) => Promise<void>): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  const hash = digest.getWriter();
  let received = 0;
  try {
    for await (const chunk of chunksOf(body)) {
      received += chunk.byteLength;
      if (received > body.length) throw wrongLength(`more than the ${body.length} bytes that it announced`);
      await Promise.all([hash.write(chunk), write(chunk)]);
    }
    if (received < body.length) throw wrongLength(`${received} of the ${body.length} bytes that it announced`);
  } catch (error) {
    // Nobody needs the digest of half a body. Aborting rejects it, and `error` tells that already.
    digest.digest.catch(() => undefined);
    await hash.abort(error);
    throw error;
  }
  await hash.close();
  return toHex(await digest.digest);
}

/** The chunks of a body, each good until the next one is asked for. */
export async function* chunksOf({ stream, pace }: Omit<RawBody, "length">): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(CHUNK_SIZE);
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await readChunk(reader, buffer, pace);
      if (value === undefined || done) {
        finished = true;
        return;
      }
      yield value;
      buffer = value.buffer;
    }
  } finally {
    pace.end();
    if (!finished) void reader.cancel().catch(() => undefined);
  }
}

async function readChunk(reader: ReadableStreamBYOBReader, buffer: ArrayBuffer, pace: BodyPace) {
  try {
    return await pace.take(reader.read(new Uint8Array(buffer)));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw wrongLength("a connection that broke off", error);
  }
}

function wrongLength(what: string, cause?: unknown): ApiError {
  const error = new ApiError("invalid_request", `The request body was ${what}; nothing was stored. Send it again.`);
  if (cause !== undefined) error.cause = cause;
  return error;
}
