import { createMiddleware } from "hono/factory";
import type { Config } from "../config.ts";
import { type AppEnv, configOf } from "./context.ts";
import { ApiError } from "./errors/error-table.ts";

/**
 * How much of a body an operation takes that parses it: bytes by the configuration, or `"as it comes"` for one whose route
 * reads and limits it while it arrives.
 */
export type BodyLimit = ((config: Config) => number) | "as it comes";

type PaceRules = Pick<Config, "REQUEST_BODY_GRACE_SECONDS" | "REQUEST_BODY_MIN_BYTES_PER_SECOND">;

/** How fast a body has to come: a time for its beginning, and from there on a lowest average rate. */
export class BodyPace {
  readonly #rules: PaceRules;
  readonly #startedAt = Date.now();
  #received = 0;
  /** One timer for the whole body: when it fires too early it is set anew. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #giveUp: ((error: ApiError) => void) | undefined;

  constructor(rules: PaceRules) {
    this.#rules = rules;
  }

  /** What a reader brings. Throws `body_too_slow` (408) where that takes too long; then the caller cancels the reader. */
  async take<R extends { done: boolean; value?: Uint8Array | undefined }>(reading: Promise<R>): Promise<R> {
    this.#timer ??= setTimeout(() => this.#look(), this.#millisecondsLeft());
    const { promise: late, reject } = Promise.withResolvers<never>();
    this.#giveUp = reject;
    try {
      const result = await Promise.race([reading, late]);
      this.#giveUp = undefined;
      this.#received += result.value?.byteLength ?? 0;
      if (result.done) this.end();
      return result;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** For a caller that does not read to the end. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#giveUp = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#giveUp) return;
    const left = this.#millisecondsLeft();
    if (left > 0) this.#timer = setTimeout(() => this.#look(), left);
    else this.#giveUp(new ApiError("body_too_slow"));
  }

  #millisecondsLeft(): number {
    const { REQUEST_BODY_GRACE_SECONDS: grace, REQUEST_BODY_MIN_BYTES_PER_SECOND: rate } = this.#rules;
    return this.#startedAt + (grace + this.#received / rate) * 1000 - Date.now();
  }
}

/** All of a body that is not larger than `maxBytes`. Throws `body_too_large`, `body_too_slow`. */
async function readWhole(body: ReadableStream<Uint8Array>, maxBytes: number, rules: PaceRules): Promise<ArrayBuffer> {
  const reader = body.getReader();
  const pace = new BodyPace(rules);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await pace.take(reader.read());
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(value);
    }
  } catch (error) {
    pace.end();
    void reader.cancel(error).catch(() => undefined);
    throw error;
  }
  const [only] = chunks;
  if (chunks.length === 1 && only?.buffer instanceof ArrayBuffer && only.byteLength === only.buffer.byteLength) {
    return only.buffer;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.buffer;
}

/** All bytes of a request. Throws `body_too_large`, `body_too_slow`. */
export async function readBytes(request: Request, maxBytes: number, rules: PaceRules): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return request.body ? new Uint8Array(await readWhole(request.body, maxBytes, rules)) : new Uint8Array(0);
}

/** A body that is passed on as it comes, and breaks off where it comes too slowly; `failure` is then why. */
export interface PacedBody {
  stream: ReadableStream<Uint8Array>;
  failure: ApiError | undefined;
}

/** The body of a request whose bytes somebody else reads, no faster than they are taken. */
export function paceBody(body: ReadableStream<Uint8Array>, rules: PaceRules): PacedBody {
  const reader = body.getReader();
  const pace = new BodyPace(rules);
  const paced: PacedBody = { stream: new ReadableStream({ type: "bytes", pull, cancel }), failure: undefined };
  async function pull(controller: ReadableByteStreamController) {
    try {
      const { done, value } = await pace.take(reader.read());
      if (value && value.byteLength > 0) controller.enqueue(value);
      if (done) controller.close();
      // A reader that has brought its own buffer waits for it.
      if (done) controller.byobRequest?.respond(0);
    } catch (error) {
      if (error instanceof ApiError) paced.failure = error;
      void reader.cancel(error).catch(() => undefined);
      controller.error(error);
    }
  }
  async function cancel(reason: unknown) {
    pace.end();
    await reader.cancel(reason);
  }
  return paced;
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("body_too_large", `The request body is larger than ${maxBytes} bytes.`);
}

/**
 * Reads a body that is going to be parsed, within its limits of size and time; whoever parses it finds it read. It stands
 * behind the check of the key: of a request without one, nothing is read. A body of another type than JSON stays unread.
 */
export function readJsonBody(limit: BodyLimit = (config) => config.JSON_BODY_MAX_BYTES) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const { body } = c.req.raw;
    const isJson = c.req.header("content-type")?.toLowerCase().includes("json") ?? false;
    if (limit === "as it comes" || !isJson || body === null) return next();
    const config = configOf(c);
    const maxBytes = limit(config);
    if (Number(c.req.header("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
    // Where Hono itself keeps what it has read: every reader of the body takes it from there.
    const whole = await readWhole(body, maxBytes, config);
    Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(whole) });
    await next();
  });
}
