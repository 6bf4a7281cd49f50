import type { Environment } from "./environment-object.ts";

type Calls =
  | "create"
  | "admit"
  | "read"
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
