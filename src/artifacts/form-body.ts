import { pipeline } from "node:stream/promises";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import { ApiError } from "../http/errors.ts";

/** Fields of a form, bytes of their names and values, and of the headers of a part: several times what ours have. */
const LIMITS = { fields: 32, fieldNameSize: 100, fieldSize: 4096, files: 1, headerPairs: 16, headerSize: 16_384 };

/** The name of the part that holds the file (agent-tasks 7.4). */
const FILE_FIELD = "file";

function malformed(what: string, cause?: unknown): ApiError {
  const error = new ApiError("request_refused", `The form cannot be read: ${what}. Nothing was stored.`);
  if (cause !== undefined) error.cause = cause;
  return error;
}

function parserFor(request: Request): InstanceType<typeof Busboy> {
  try {
    const headers = { "content-type": request.headers.get("content-type") ?? "" };
    return new Busboy({ headers, limits: LIMITS, isPartAFile: (name) => name === FILE_FIELD });
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

/**
 * Reads a form whose fields stand before its one file, and hands both to `take` while the file is still coming; memory
 * does not grow with it. What `take` fails with ends the reading. A form that breaks off or has no file is 400, and then
 * the file, as far as it was handed over, ends in an error too.
 */
export async function receiveForm<T>(
  request: Request,
  take: (fields: URLSearchParams, file: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const parser = parserFor(request);
  if (!request.body) throw malformed("it is empty");
  const fields = new URLSearchParams();
  const stop = new AbortController();
  let coming: BusboyFileStream | undefined;
  let taking: Promise<T> | undefined;
  parser.on("field", (name, value, _nameTruncated, valueTruncated) => {
    if (valueTruncated) stop.abort(malformed("a field is too long"));
    fields.append(name, value);
  });
  parser.on("fieldsLimit", () => stop.abort(malformed("it has too many fields")));
  parser.on("file", (_name: string, file: BusboyFileStream) => {
    coming = file;
    taking = take(fields, bytesOf(file));
    // Who takes the file no more would keep the parser waiting for ever.
    taking.catch((error: unknown) => stop.abort(error));
  });
  const [reading] = await Promise.allSettled([pipeline(request.body, parser, { signal: stop.signal })]);
  if (stop.signal.aborted && stop.signal.reason instanceof ApiError) throw stop.signal.reason;
  if (reading.status === "rejected" && !stop.signal.aborted) {
    // The parser does not tell who reads the file that nothing more comes.
    coming?.destroy(new Error("The form breaks off", { cause: reading.reason }));
    if (!taking) throw malformed("it breaks off", reading.reason);
  }
  if (!taking) throw malformed("it has no file");
  return taking;
}
