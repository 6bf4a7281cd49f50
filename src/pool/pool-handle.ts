import type { RunnerPool } from "./runner-pool.ts";

/** The id of the key that a runner's handshake was admitted by, as the Worker tells the pool. */
export const RUNNER_KEY_HEADER = "X-Runner-Key";

type Calls = "enqueue" | "withdraw" | "everUsed" | "describe" | "waits";

/** A pool as its callers reach it: written out, because the stub's own type turns answers that hold any JSON to `never`. */
export type PoolHandle = {
  [Call in Calls]: (...args: Parameters<RunnerPool[Call]>) => Promise<Awaited<ReturnType<RunnerPool[Call]>>>;
} & {
  /** Opens a runner's connection, a request with `Upgrade: websocket`. */
  fetch: (request: Request) => Promise<Response>;
};

/** The pool of an organization. */
export function openPool(env: Cloudflare.Env, organizationId: string): PoolHandle {
  return env.RUNNERS.getByName(organizationId);
}
