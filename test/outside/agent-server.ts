import type { Player } from "./world.ts";

/** JSON that a parser and a printer would not leave as it is: order, spaces, numbers. */
export const ODD_JSON = '{"result" : {"z":1, "a":1.0, "9":12345678901234567890},\n"jsonrpc":"2.0"}';

const HUGE_BYTES = 9 * 1024 * 1024;

const requests = new Map<string, object[]>();

const json = (response: Parameters<Player>[1], status: number, body: string) =>
  response.writeHead(status, { "Content-Type": "application/json" }).end(body);

/** How an agent's server behaves: `/agents/{behaviour}/{run}/command`. */
const BEHAVIOURS: Record<string, Player> = {
  ok: (_, response) => json(response, 200, ODD_JSON),
  "rpc-error": (_, response) => json(response, 200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}'),
  "error-text": (_, response) => json(response, 500, '{"error":"The agent has no session"}'),
  "error-object": (_, response) => json(response, 400, '{"error":{"code":-32602,"message":"Bad params"}}'),
  "error-plain": (_, response) => response.writeHead(503).end("upstream down"),
  "error-echo": ({ headers, url }, response) =>
    json(response, 500, JSON.stringify({ error: `Refused ${String(headers["authorization"])} at ${url}` })),
  redirect: (_, response) => response.writeHead(307, { Location: "/agents/ok/redirected/command" }).end(),
  hang: () => undefined,
  "hang-in-body": (_, response) => response.writeHead(200).write("{"),
  reset: (_, response) => response.destroy(),
  "reset-in-body": (_, response) => {
    response.writeHead(200, { "Content-Length": 100 });
    response.write("{", () => response.destroy());
  },
  text: (_, response) => response.writeHead(200).end("hello"),
  empty: (_, response) => response.writeHead(200).end(),
  huge: (_, response) => response.writeHead(200).end(`"${"x".repeat(HUGE_BYTES)}"`),
};

/** Plays an agent's server; a GET tells what was posted to the same path. */
export const playAgent: Player = (request, response) => {
  const [path = ""] = request.url.split("?");
  const known = requests.get(path) ?? [];
  if (request.method === "GET") return json(response, 200, JSON.stringify(known));
  requests.set(path, [...known, request]);
  const behave = BEHAVIOURS[path.split("/")[2] ?? ""];
  return behave ? behave(request, response) : response.writeHead(404).end();
};
