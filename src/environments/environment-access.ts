import { z } from "@hono/zod-openapi";
import { hashText } from "../auth/text-hash.ts";
import type { AppContext } from "../http/context.ts";
import { ApiError, type ErrorCode } from "../http/errors/error-table.ts";
import { ENVIRONMENT_TOKEN_PROTOCOL, offeredSecret } from "../http/socket-protocols.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import type { FileFault } from "../sandbox/port.ts";
import { type EnvironmentHandle, openEnvironment } from "./object/environment-handle.ts";
import type { EnvironmentAccess, EnvironmentScope, Refused } from "./object/environment-outcome.ts";
import type { environmentPath } from "./environment-schemas.ts";

type Path = z.output<typeof environmentPath>;

const TOKEN_HEADER = "X-Environment-Token";

/** The header of operations that reach into the sandbox. Its absence is told after the path's organization was checked. */
export const tokenHeader = z.object({
  [TOKEN_HEADER]: z
    .string()
    .optional()
    .openapi({
      param: { required: true },
      example: "tye_…",
      description: "The `execute_token` of this environment, with or without `Bearer ` in front",
    }),
});

/** What operations that reach into the sandbox may fail with. */
export const ACCESS_ERRORS: readonly ErrorCode[] = ["validation_failed", "not_found", "token_invalid", "conflict"];

/** A new token, which is shown once. 256 random bits. */
export function makeToken(): string {
  return `tye_${crypto.getRandomValues(new Uint8Array(32)).toHex()}`;
}

/** The environment that a path names, and whose it has to be. */
export function nameEnvironment(c: AppContext, path: Path): { handle: EnvironmentHandle; scope: EnvironmentScope } {
  const agents = c.get("tokenEnvironment");
  const { organizationId, projectId } = agents
    ? { organizationId: agents.organizationId, projectId: null }
    : requireOwnOrganization(c, path.org);
  const handle = openEnvironment(c.env, path.environment_id.toLowerCase());
  return { handle, scope: { organizationId, workspace: path.ws, projectId } };
}

/** The same with the token that the request presents; 422 when it presents none. */
export async function nameSandbox(
  c: AppContext,
  path: Path,
): Promise<{ handle: EnvironmentHandle; access: EnvironmentAccess }> {
  const { handle, scope } = nameEnvironment(c, path);
  const presented = c.req.header(TOKEN_HEADER) ?? offeredSecret(c, ENVIRONMENT_TOKEN_PROTOCOL) ?? "";
  const token = presented.replace(/^Bearer\s+/i, "").trim();
  if (token === "") {
    const item = { loc: ["header", TOKEN_HEADER], msg: "Field required", type: "missing" };
    throw new ApiError("validation_failed", `Request validation failed. header.${TOKEN_HEADER}: ${item.msg}`, {
      errors: [item],
    });
  }
  return { handle, access: { ...scope, tokenHash: await hashText(token) } };
}

const FILE_ERRORS: Record<FileFault, ErrorCode> = {
  not_found: "not_found",
  is_directory: "conflict",
  not_regular: "conflict",
  not_directory: "conflict",
  not_empty: "conflict",
  invalid_path: "invalid_request",
  not_permitted: "forbidden",
  too_large: "body_too_large",
  no_space: "body_too_large",
  wrong_content: "invalid_request",
  conflict: "conflict",
  unavailable: "sandbox_failed",
};

const RETRY_SOON = { headers: { "Retry-After": "1" } };

/** What a call of an environment brought; throws what it was refused for. */
export function unwrap<T extends { ok: true }>(outcome: T | Refused): T {
  if (outcome.ok) return outcome;
  throw refusalOf(outcome);
}

/** A refusal as the API shows it. */
export function refusalOf(outcome: Refused): ApiError {
  switch (outcome.reason) {
    case "not_found":
      return new ApiError("not_found", "Environment not found.");
    case "no_command":
      return new ApiError("not_found", "Command not found.");
    case "token":
      return new ApiError("token_invalid");
    case "not_ready":
      return new ApiError("conflict", `The environment is ${outcome.state}: that needs one that is ready.`);
    case "busy":
      return new ApiError(
        "conflict",
        `${outcome.running} ${outcome.what} are running: that is as many as may at once.`,
        RETRY_SOON,
      );
    case "unsupported":
      return new ApiError("invalid_request", outcome.message);
    case "conflict":
      return new ApiError("conflict", outcome.message, outcome.mayRetry ? RETRY_SOON : {});
    case "file":
      return new ApiError(
        FILE_ERRORS[outcome.fault],
        outcome.message,
        outcome.fault === "unavailable" ? RETRY_SOON : {},
      );
  }
}

/** Whether whoever asks again soon may have another answer. */
export function isPassing(error: ApiError): boolean {
  return "Retry-After" in error.headers;
}
