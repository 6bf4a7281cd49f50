import type { AppContext } from "./context.ts";

/**
 * What a browser's WebSocket can say beside its URL, which secrets have no place in: subprotocols. One that begins with a
 * prefix carries a secret behind it; servers name none of these in their answer.
 */
export const KEY_PROTOCOL = "taskyard.key.";
export const ENVIRONMENT_TOKEN_PROTOCOL = "taskyard.environment-token.";

/** The subprotocol of streams, which browsers offer beside what lets them in. */
export const STREAM_PROTOCOL = "taskyard.v1";

/** The subprotocols that a WebSocket's client offers. */
export function offeredProtocols(c: AppContext): string[] {
  const offered = c.req.header("sec-websocket-protocol")?.split(",") ?? [];
  return offered.map((protocol) => protocol.trim());
}

/** What stands behind a prefix among the subprotocols of a WebSocket's handshake. */
export function offeredSecret(c: AppContext, prefix: string): string | undefined {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return undefined;
  const found = offeredProtocols(c).find((protocol) => protocol.startsWith(prefix));
  return found?.slice(prefix.length);
}

/**
 * The answer of an object, which names the subprotocol that it speaks where that was offered: a browser ends a connection that
 * names none of those it has offered.
 */
export function nameProtocol(c: AppContext, answer: Response, protocol: string): Response {
  // Made anew, because a response from elsewhere takes no headers.
  const response = new Response(answer.body, answer);
  if (answer.webSocket && offeredProtocols(c).includes(protocol)) {
    response.headers.set("Sec-WebSocket-Protocol", protocol);
  }
  return response;
}
