import { exports } from "cloudflare:workers";
import { type Fetch, type OpenSocket, Taskyard, type TaskyardOptions } from "../../src/client/index.ts";
import { createTenant, type Tenant } from "../tenant.ts";

const ORIGIN = "https://taskyard.test";

/** The Worker's fetch, as the client calls it. */
export const callWorker: Fetch = (url, init) => exports.default.fetch(new Request(url, init));

/** A client of an organization of its own, whose requests go to the Worker without a network. */
export async function createYard(options: Partial<TaskyardOptions> = {}): Promise<{ yard: Taskyard; tenant: Tenant }> {
  const tenant = await createTenant();
  const yard = new Taskyard({ url: ORIGIN, apiKey: tenant.adminKey, fetch: callWorker, openSocket: null, ...options });
  return { yard, tenant };
}

/** WebSockets to the Worker, by its fetch, with the events of those that a platform opens. */
export const openWorkerSocket: OpenSocket = (url, protocols) => {
  const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": protocols.join(", ") };
  const asked = exports.default.fetch(new Request(url.replace(/^ws/, "http"), { headers }));
  const opening = asked.then(({ webSocket }) => webSocket ?? undefined);
  const withSocket = (use: (socket: WebSocket) => void) => {
    void opening.then((socket) => socket && use(socket));
  };
  withSocket((socket) => {
    socket.binaryType = "arraybuffer";
    // By then whoever has opened it listens.
    queueMicrotask(() => socket.accept());
  });
  return {
    binaryType: "arraybuffer",
    send: (data) => withSocket((socket) => socket.send(data)),
    close: (code, reason) => withSocket((socket) => socket.close(code, reason)),
    // oxlint-disable-next-line typescript/no-explicit-any -- each type of event has its own listeners
    addEventListener: (type: string, listener: (event: any) => void) => {
      if (type === "open") withSocket(() => queueMicrotask(() => listener({})));
      else if (type === "message" || type === "close") withSocket((socket) => socket.addEventListener(type, listener));
      else void opening.then((socket) => socket ?? listener({}));
    },
  };
};
