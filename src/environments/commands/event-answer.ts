import type { AppContext } from "../../http/context.ts";
import { withWatchedKey } from "../../http/watched-key.ts";
import { EVENT_STREAM_HEADERS } from "../../stream/transport/server-sent-events.ts";
import { followCommand, type FollowedCommand, KEY_ENDED } from "./command-following.ts";
import { OutputText, toResult } from "./command-view.ts";
import { describeFailure, silenceOf } from "./slow-answer.ts";

const encoder = new TextEncoder();

/** Output stands in the data as a JSON string, on one line: nothing that a command writes can pass for another event. */
function event(name: "start" | "stdout" | "stderr" | "exit" | "error", data: object): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

const KEEPALIVE = encoder.encode(": keepalive\n\n");

/**
 * Answers with a command's output as it comes, as server-sent events; the first one is `start` with the command's id and
 * `beginning`, the last one is `exit`, or `error`: also when the key is good no more.
 */
export function answerWithEvents(
  c: AppContext,
  followed: FollowedCommand,
  headers: Record<string, string>,
  beginning: object,
): Response {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const silence = silenceOf(c);
  let lastWrite = Date.now();
  const write = (bytes: Uint8Array) => {
    lastWrite = Date.now();
    return writer.write(bytes);
  };
  const timer = setInterval(() => {
    if (Date.now() - lastWrite >= silence) void write(KEEPALIVE).catch(() => clearInterval(timer));
  }, silence);
  const sending = withWatchedKey(c, KEY_ENDED, (ended) => send(c, followed, beginning, { write, ended }))
    .then(() => writer.close())
    // The client went away; its command goes on.
    .catch(() => undefined)
    .finally(() => clearInterval(timer));
  c.executionCtx.waitUntil(sending);
  return new Response(readable, { headers: { ...headers, ...EVENT_STREAM_HEADERS } });
}

async function send(
  c: AppContext,
  followed: FollowedCommand,
  beginning: object,
  { write, ended }: { write: (bytes: Uint8Array) => Promise<void>; ended: Promise<never> },
): Promise<void> {
  await write(event("start", { command_id: followed.commandId, ...beginning }));
  const text = new OutputText();
  const news = followCommand(followed);
  try {
    for (;;) {
      const { done, value } = await Promise.race([news.next(), ended]);
      if (done === true) {
        for (const stream of ["stdout", "stderr"] as const) {
          const rest = text.end(stream);
          if (rest !== "") await write(event(stream, { data: rest }));
        }
        return await write(event("exit", toResult(value)));
      }
      for (const piece of value) {
        const data = text.add(piece);
        if (data !== "") await write(event(piece.stream, { data }));
      }
    }
  } catch (error) {
    await write(event("error", describeFailure(c, error)));
  }
}
