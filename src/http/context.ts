import type { Context } from "hono";
import type { Caller } from "../auth/caller.ts";
import type { TokenEnvironment, TokenRun } from "../auth/run-tokens.ts";
import { type Config, readConfig } from "../config.ts";
import { connect, type Database } from "../db/client.ts";
import type { Family } from "./errors/families.ts";

/** Hono's environment for every route of Taskyard. */
export interface AppEnv {
  Bindings: Cloudflare.Env;
  Variables: {
    requestId: string;
    /** Set by `authenticate`; routes of operations with a scope read it through `callerOf`. */
    caller?: Caller;
    /** The run whose token came in place of a key. */
    tokenRun?: TokenRun;
    /** The environment that the token lets its run's agent into, where the request is about that one. */
    tokenEnvironment?: TokenEnvironment;
    /** When that token expires, in milliseconds since 1970, where it opens what lasts. */
    tokenExpiresAt?: number;
    /** Set where the request has an `Idempotency-Key` (idempotency.ts): its seed, and whether anything was made by it. */
    idempotency?: { seed: string; isUsed: boolean };
    /** How errors are told where neither a route that took the request nor its path decides it (unknown-path.ts). */
    errorFamily?: Family | undefined;
  };
}

export type AppContext = Context<AppEnv>;

/** The caller of an operation that needs a key. */
export function callerOf(c: AppContext): Caller {
  const caller = c.get("caller");
  if (!caller) throw new Error("This operation was mounted without authentication");
  return caller;
}

export function configOf(c: AppContext): Config {
  return readConfig(c.env);
}

export function databaseOf(c: AppContext): Database {
  return connect(c.env.DB);
}
