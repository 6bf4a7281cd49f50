import type { EnvironmentState } from "../../db/schema.ts";
import type { FileFault } from "../../sandbox/port.ts";
import type { EnvironmentRecord } from "./environment-record.ts";

/** What an environment's object is asked with and what it answers: failures are values, which cross RPC whole. */

/** Whose environment it is, as the path and the key say: the object compares it with what it knows. */
export interface EnvironmentScope {
  organizationId: string;
  /** Key or id of the workspace. */
  workspace: string;
  /** The only project that the key acts in, or null. */
  projectId: string | null;
}

/** A scope with SHA-256 in hex of the environment token, which lets its holder into the sandbox. */
export interface EnvironmentAccess extends EnvironmentScope {
  tokenHash: string;
}

export function isInScope({ row }: EnvironmentRecord, scope: EnvironmentScope): boolean {
  return (
    row.organizationId === scope.organizationId &&
    (scope.workspace === row.workspaceKey || scope.workspace.toLowerCase() === row.workspaceId) &&
    (scope.projectId === null || scope.projectId === row.projectId)
  );
}

export type Refused =
  | { ok: false; reason: "not_found" | "token" | "no_command" }
  | { ok: false; reason: "not_ready"; state: EnvironmentState }
  /** As many commands run as may. */
  | { ok: false; reason: "busy"; running: number; what: "commands" | "terminals" }
  /** The sandbox cannot do it. */
  | { ok: false; reason: "unsupported"; message: string }
  /** It does not go with how the command is; `mayRetry`: soon it may. */
  | { ok: false; reason: "conflict"; message: string; mayRetry: boolean }
  | { ok: false; reason: "file"; fault: FileFault; message: string };

export const NOT_FOUND = { ok: false, reason: "not_found" } as const;
export const NO_COMMAND = { ok: false, reason: "no_command" } as const;
