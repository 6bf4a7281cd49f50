import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { playAgent } from "./agent-server.ts";
import { playSlack } from "./slack.ts";
import { playWebhookEndpoint } from "./webhook-endpoint.ts";

/** A request that came to the outside world. */
export interface OutsideRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Answers a request; the path begins below the player's own. */
export type Player = (request: OutsideRequest, response: ServerResponse) => void;

async function read(request: IncomingMessage): Promise<OutsideRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const { method = "GET", url = "/", headers } = request;
  return { method, url, headers, body: Buffer.concat(chunks).toString() };
}

/**
 * Starts a real HTTP server on this machine that plays the agents' servers below `/agents`, Slack below `/slack` and
 * takers of webhooks below `/hooks`, and gives its address. Tests run inside workerd: they ask it over HTTP what it was told.
 */
export async function startOutsideWorld(): Promise<string> {
  const server = createServer((incoming, response) => {
    void read(incoming).then((request) => {
      if (request.url.startsWith("/agents/")) return playAgent(request, response);
      if (request.url.startsWith("/slack/")) return playSlack(request, response);
      if (request.url.startsWith("/hooks/")) return playWebhookEndpoint(request, response);
      return response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The outside world has no port");
  return `http://127.0.0.1:${address.port}`;
}
