import type { Handle } from "../../objects/handle.ts";
import type { Environment } from "./environment-object.ts";

type Calls =
  | "create"
  | "admit"
  | "read"
  | "settle"
  | "keepToken"
  | "inspect"
  | "readLog"
  | "tearDown"
  | "extend"
  | "execute"
  | "follow"
  | "commands"
  | "kill"
  | "terminals"
  | "closeTerminal"
  | "writeInput"
  | "resize"
  | "statFile"
  | "listFiles"
  | "writeFile"
  | "removeFile"
  | "beginUpload"
  | "readUpload"
  | "listUploads"
  | "writePart"
  | "completeUpload"
  | "abortUpload";

/** An environment as its callers reach it; `fetch` answers with streams and sockets (object-request.ts). */
export type EnvironmentHandle = Handle<Environment, Calls>;

/** The environment of an id, whether it was created or not: one that was not answers `not_found` and stores nothing. */
export function openEnvironment(env: Cloudflare.Env, environmentId: string): EnvironmentHandle {
  return env.ENVIRONMENT.getByName(environmentId);
}
