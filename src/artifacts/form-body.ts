import { once } from "node:events";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import { ApiError } from "../http/errors/error-table.ts";
import type { BodyPace } from "../http/request-body.ts";

/** Fields of a form, bytes of their names and values, and of the headers of a part: several times what ours have. */
const LIMITS = { fields: 32, fieldNameSize: 100, fieldSize: 4096, files: 1, headerPairs: 16, headerSize: 16_384 };

/** Bytes taken from the request at once; left to itself the runtime gives a fraction of it, and each costs a turn. */
const CHUNK_BYTES = 65_536;

/** The name of the part that holds the file (agent-tasks 7.4). */
const FILE_FIELD = "file";

function malformed(what: string, cause?: unknown): ApiError {
  const error = new ApiError("request_refused", `The form cannot be read: ${what}. Nothing was stored.`);
  if (cause !== undefined) error.cause = cause;
  return error;
}

type Parser = InstanceType<typeof Busboy>;

function parserFor(request: Request): Parser {
  try {
    const headers = { "content-type": request.headers.get("content-type") ?? "" };
    return new Busboy({ headers, limits: LIMITS, fileHwm: CHUNK_BYTES, isPartAFile: (name) => name === FILE_FIELD });
  } catch (error) {
    throw malformed("it is no multipart/form-data with a boundary", error);
  }
}

/** The file's bytes; a form that breaks off within them is told as what it is. */
async function* bytesOf(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* file;
  } catch (error) {
    throw malformed("it breaks off", error);
  }
}

/** Hands a body to its parser as fast as that takes it, to the end of both or until `signal` aborts. */
async function feed(
  parser: Parser,
  body: ReadableStream<Uint8Array>,
  pace: BodyPace,
  signal: AbortSignal,
): Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => undefined), { once: true });
  for (;;) {
    // A buffer of its own each time: the parser keeps views of it until the file is taken.
    const { done, value } = await pace.take(reader.read(new Uint8Array(CHUNK_BYTES)));
    signal.throwIfAborted();
    if (done) break;
    if (!parser.write(value)) await once(parser, "drain", { signal });
  }
  const finished = once(parser, "finish", { signal });
  parser.end();
  await finished;
}

/**
 * Reads a form whose fields stand before its one file, and hands both to `take` while the file is still coming; memory
 * does not grow with it. What `take` fails with ends the reading. A form that breaks off or has no file is 400, and then
 * the file, as far as it was handed over, ends in an error too.
 */
export async function receiveForm<T>(
  request: Request,
  pace: BodyPace,
  take: (fields: URLSearchParams, file: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const parser = parserFor(request);
  if (!request.body) throw malformed("it is empty");
  const fields = new URLSearchParams();
  const stop = new AbortController();
  let coming: BusboyFileStream | undefined;
  let taking: Promise<T> | undefined;
  parser.on("error", (error) => stop.abort(malformed("it breaks off", error)));
  parser.on("fieldsLimit", () => stop.abort(malformed("it has too many fields")));
  parser.on("field", (name, value, _nameTruncated, valueTruncated) => {
    if (valueTruncated) stop.abort(malformed("a field is too long"));
    fields.append(name, value);
  });
  parser.on("file", (_name: string, file: BusboyFileStream) => {
    coming = file;
    // Whoever reads it sees the error; it may come when nobody reads any more.
    file.on("error", () => undefined);
    taking = take(fields, bytesOf(file));
    // Who takes the file no more would keep the parser waiting for ever.
    taking.catch((error: unknown) => stop.abort(error));
  });
  try {
    await feed(parser, request.body, pace, stop.signal);
  } catch (error) {
    const own = error instanceof ApiError ? error : malformed("it breaks off", error);
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : own;
    stop.abort(reason);
    // The parser does not tell who reads the file that nothing more comes.
    coming?.destroy(new Error("The form breaks off"));
    await taking?.catch(() => undefined);
    throw reason;
  }
  if (!taking) throw malformed("it has no file");
  return taking;
}
