import { logBackgroundFailure } from "../http/request-log.ts";
import type { Environment } from "./environment-object.ts";

type Calls =
  | "create"
  | "admit"
  | "read"
  | "inspect"
  | "readLog"
  | "tearDown"
  | "extend"
  | "execute"
  | "follow"
  | "commands"
  | "kill"
  | "statFile"
  | "listFiles"
  | "writeFile"
  | "removeFile";

/**
 * An environment as its callers reach it: the RPC methods of its object, which answer expected failures as values.
 * Written out, because the stub's own type turns answers that hold any JSON into `never`.
 */
export type EnvironmentHandle = {
  [Call in Calls]: (...args: Parameters<Environment[Call]>) => Promise<Awaited<ReturnType<Environment[Call]>>>;
} & {
  /** The bytes of a file (file-request.ts), or the connection of a machine. */
  fetch: (request: Request) => Promise<Response>;
};

/** The environment of an id, whether it was created or not: one that was not answers `not_found` and stores nothing. */
export function openEnvironment(env: Cloudflare.Env, environmentId: string): EnvironmentHandle {
  return env.ENVIRONMENT.getByName(environmentId);
}

/** An object that is lost is there again at once; how often it may be lost in a row before that is given up. */
const MAX_ATTEMPTS = 3;

/** Asks again when the object was lost on the way: for calls that do no more when they are repeated. */
export async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw error;
      logBackgroundFailure("askEnvironment", error);
    }
  }
}
