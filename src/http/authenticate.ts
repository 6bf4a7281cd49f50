import { createMiddleware } from "hono/factory";
import type { Caller } from "../auth/caller.ts";
import { grants, type Scope } from "../auth/scopes.ts";
import { verifyRecentKey } from "../auth/recent-keys.ts";
import { isLastUsedStale, recordKeyUse, verifyApiKey } from "../auth/verify-api-key.ts";
import { type AppContext, type AppEnv, callerOf, databaseOf } from "./context.ts";
import { ApiError } from "./errors/error-table.ts";
import { familyOfRequest } from "./errors/request-family.ts";
import { addressOf, limitRate } from "./admission/rate-limit.ts";
import { logBackgroundFailure } from "./request-log.ts";
import { KEY_PROTOCOL, offeredSecret } from "./socket-protocols.ts";

/** The user name that Basic credentials carry; the password is the API key (A4). */
const TOKEN_USER = "__token__";

function fromBasic(credentials: string): string {
  let text: string;
  try {
    text = atob(credentials);
  } catch {
    throw new ApiError("key_invalid", "Invalid API key: the Basic credentials are not base64.");
  }
  const colon = text.indexOf(":");
  if (text.slice(0, Math.max(colon, 0)) !== TOKEN_USER) {
    throw new ApiError("key_invalid", `Invalid API key: Basic credentials carry the user ${TOKEN_USER}.`);
  }
  return text.slice(colon + 1);
}

/** The key that a request presents: Authorization (Bearer or Basic) first, then X-API-Key, then a browser's WebSocket. */
function presentedKey(c: AppContext): string {
  const authorization = c.req.header("authorization")?.trim();
  if (authorization) {
    const [scheme = "", credentials = ""] = authorization.split(/\s+/, 2);
    if (credentials === "") throw new ApiError("key_required");
    switch (scheme.toLowerCase()) {
      case "bearer":
        return credentials;
      case "basic":
        return fromBasic(credentials);
      default:
        throw new ApiError("key_invalid", "Invalid API key: the Authorization scheme is neither Bearer nor Basic.");
    }
  }
  const header = c.req.header("x-api-key")?.trim() ?? offeredSecret(c, KEY_PROTOCOL);
  if (!header) throw new ApiError("key_required");
  return header;
}

async function identify(c: AppContext, verify: typeof verifyApiKey): Promise<void> {
  const db = databaseOf(c);
  const now = new Date();
  const verdict = await verify(db, presentedKey(c), now);
  if (!verdict.ok) throw new ApiError(verdict.reason);
  c.set("caller", verdict.caller);
  if (isLastUsedStale(verdict.lastUsedAt, now)) {
    c.executionCtx.waitUntil(
      recordKeyUse(db, verdict.caller.keyId, now).catch((error: unknown) =>
        logBackgroundFailure("recordKeyUse", error),
      ),
    );
  }
}

/** How a request comes in without a key, by a token of a run. */
export interface Admission {
  /** Which token: of its stream, of its events, of its agent, or of an evaluation's agent for its environment. */
  runToken: "stream" | "events" | "agent" | "environment";
  /** Whether this request presents one. It counts such requests itself. */
  admit: (c: AppContext) => Promise<boolean>;
}

/** How a client may say who it is. Container tools would ask a server of tokens for a Bearer one: they send Basic. */
function challengeOf(c: AppContext): string {
  return `${familyOfRequest(c) === "oci" ? "Basic" : "Bearer"} realm="taskyard"`;
}

export interface AuthenticationRules {
  /** What else lets a request in. */
  admits?: Admission | undefined;
  /** Whether the key is looked up even where it was verified a moment ago (auth/recent-keys.ts). */
  looksUpKey?: boolean | undefined;
  /** Whether a key that is bound to a project is refused: what it would do concerns the whole organization. */
  projectKeys?: "refused" | undefined;
}

/**
 * Lets a request through that presents a key with `scope`, or any valid key for `"any"`, or that `admits` lets in. Requests
 * are limited per key; those without a valid one per address, so that keys cannot be tried without end.
 */
export function authenticate(
  scope: Scope | "any",
  { admits, looksUpKey = false, projectKeys }: AuthenticationRules = {},
) {
  return createMiddleware<AppEnv>(async (c, next) => {
    if (await admits?.admit(c)) return next();
    try {
      await identify(c, looksUpKey ? verifyApiKey : verifyRecentKey);
    } catch (error) {
      if (error instanceof ApiError) {
        error.headers["WWW-Authenticate"] = challengeOf(c);
        await limitRate(c, `address:${addressOf(c)}`);
      }
      throw error;
    }
    await limitRate(c, `key:${callerOf(c).keyId}`);
    if (scope !== "any") requireScope(c, scope);
    if (projectKeys === "refused") refuseProjectKey(callerOf(c));
    await next();
  });
}

/** Refuses a key that is bound to a project: it acts in that project alone, and cannot widen itself. */
function refuseProjectKey({ projectId }: Caller): void {
  if (projectId === null) return;
  throw new ApiError("forbidden", "This key is bound to a project; use a key of the whole organization.");
}

/** Refuses a caller whose key does not have `scope`. */
export function requireScope(c: AppContext, scope: Scope): void {
  if (grants(callerOf(c).scopes, scope)) return;
  throw new ApiError("scope_missing", `API key missing required scope '${scope}'`);
}
