import type { Handle } from "../objects/handle.ts";
import type { RunnerPool } from "./runner-pool.ts";

type Calls = "enqueue" | "withdraw" | "everUsed" | "describe";

/** A pool as its callers reach it; `fetch` opens a runner's connection, a request with `Upgrade: websocket`. */
export type PoolHandle = Handle<RunnerPool, Calls>;

/** The pool of an organization. */
export function openPool(env: Cloudflare.Env, organizationId: string): PoolHandle {
  return env.RUNNERS.getByName(organizationId);
}
