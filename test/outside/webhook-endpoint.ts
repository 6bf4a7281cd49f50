import type { Player } from "./world.ts";

/** What came to an endpoint, and when (milliseconds). */
interface Received {
  time: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** An endpoint: what it is to do with the next requests, one after the other, and then with all others. */
interface Endpoint {
  script: string[];
  received: Received[];
}

const endpoints = new Map<string, Endpoint>();

function endpointOf(name: string): Endpoint {
  const known = endpoints.get(name) ?? { script: [], received: [] };
  endpoints.set(name, known);
  return known;
}

/**
 * Plays a server that takes webhooks at `/hooks/{name}`. `PUT` says what it is to do: a status to answer, or `hang`,
 * `reset`, `redirect`; without a script it answers 204. `GET` tells what came.
 */
export const playWebhookEndpoint: Player = ({ method, url, headers, body }, response) => {
  const endpoint = endpointOf(url.split("/")[2] ?? "");
  const answer = () =>
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(endpoint.received));
  if (method === "GET") return answer();
  if (method === "PUT") {
    endpoint.script = JSON.parse(body);
    return answer();
  }
  endpoint.received.push({ time: Date.now(), headers, body });
  const behaviour = endpoint.script.shift() ?? "204";
  if (behaviour === "hang") return undefined;
  if (behaviour === "reset") return response.destroy();
  if (behaviour === "redirect") return response.writeHead(307, { Location: "/hooks/redirected" }).end();
  return response.writeHead(Number(behaviour)).end(behaviour === "204" ? undefined : "a secret of the endpoint's");
};
