import { exports } from "cloudflare:workers";
import { type Fetch, type OpenSocket, type Socket, Taskyard, type TaskyardOptions } from "../../src/client/index.ts";
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

/** WebSockets to the Worker, by its fetch. */
export const openWorkerSocket: OpenSocket = (url, protocols) => {
  const listening: [string, (event: never) => void][] = [];
  let socket: WebSocket | undefined;
  let isClosed = false;
  const opening = exports.default
    .fetch(
      new Request(url.replace(/^ws/, "http"), {
        headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": protocols.join(", ") },
      }),
    )
    .then((response) => {
      socket = response.webSocket ?? undefined;
      if (!socket) {
        for (const type of ["error", "close"]) emit(type, { code: 1006, reason: String(response.status) });
        return;
      }
      for (const [type, listener] of listening) socket.addEventListener(type as "message", listener as () => void);
      socket.accept();
      emit("open", {});
      if (isClosed) socket.close();
    });
  void opening;
  function emit(type: string, event: object): void {
    for (const [of, listener] of listening) if (of === type) listener(event as never);
  }
  return {
    binaryType: "arraybuffer",
    send: (data) => socket?.send(data),
    close: (code, reason) => {
      isClosed = true;
      socket?.close(code, reason);
    },
    addEventListener: (type: string, listener: (event: never) => void) => {
      listening.push([type, listener]);
    },
  } as Socket;
};
