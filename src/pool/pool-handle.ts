import type { Handle } from "../objects/handle.ts";
import type { Pool } from "./runner-pool.ts";

/** The id of the key that a runner's handshake was admitted by, as the Worker tells the pool. */
export const RUNNER_KEY_HEADER = "X-Runner-Key";

type Calls = "enqueue" | "withdraw" | "everUsed" | "describe" | "waits";

/** A pool as its callers reach it; `fetch` opens a runner's connection, a request with `Upgrade: websocket`. */
export type PoolHandle = Handle<Pool, Calls>;

/** The pool of an organization. */
export function openPool(env: Cloudflare.Env, organizationId: string): PoolHandle {
  return env.RUNNERS.getByName(organizationId);
}
