import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { renderError } from "../../http/errors/families.ts";
import { logFailure } from "../../http/request-log.ts";

/**
 * Silence after which something is sent, in milliseconds. Clients give up after 30 seconds without a byte, proxies after
 * 100 (contract A3, C4 P3).
 */
export function silenceOf(c: AppContext): number {
  return configOf(c).EXECUTE_KEEPALIVE_SECONDS * 1000;
}

const encoder = new TextEncoder();

/**
 * Answers with JSON that may take long. What is there soon is an answer like any other. Else status 200 is sent, and a
 * space now and then before the JSON, which JSON allows; a failure is told in the body then, as the error that its
 * status would have carried.
 */
export async function answerSlowly(
  c: AppContext,
  work: Promise<object>,
  headers: Record<string, string>,
): Promise<Response> {
  const settled = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const soon = await Promise.race([settled, scheduler.wait(silenceOf(c))]);
  if (soon && "value" in soon) return c.json(soon.value, 200, headers);
  if (soon) throw soon.error;
  const { readable, writable } = new IdentityTransformStream();
  const writing = writeSlowly(c, settled, writable.getWriter());
  // A client that went away breaks the writing; its command goes on.
  c.executionCtx.waitUntil(writing.catch(() => undefined));
  return new Response(readable, { headers: { ...headers, "Content-Type": "application/json" } });
}

async function writeSlowly(
  c: AppContext,
  settled: Promise<{ value: object } | { error: unknown }>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  for (;;) {
    await writer.write(encoder.encode(" "));
    const outcome = await Promise.race([settled, scheduler.wait(silenceOf(c))]);
    if (!outcome) continue;
    const body = "value" in outcome ? outcome.value : describeFailure(c, outcome.error);
    await writer.write(encoder.encode(JSON.stringify(body)));
    return writer.close();
  }
}

/** The body of a failure whose status can no longer be sent. */
export function describeFailure(c: AppContext, error: unknown): object {
  if (error instanceof ApiError) return renderError("registry", error).body;
  logFailure(c, error);
  return renderError("registry", new ApiError("server_error")).body;
}
