import { decodeJwt } from "jose";
import { readIngestToken, readStreamToken, type TokenRun } from "../../auth/run-tokens.ts";
import { type AppContext, configOf } from "../../http/context.ts";
import type { Admission } from "../../http/authenticate.ts";
import { limitRate } from "../../http/admission/rate-limit.ts";
import { offeredProtocols } from "../../http/socket-protocols.ts";
import { TOKEN_PROTOCOL_PREFIX } from "../protocol/agent-protocol.ts";
import { readUuid } from "./run-path.ts";

/** The query parameter for clients that cannot send headers: a browser's EventSource and WebSocket. */
export const STREAM_TOKEN_QUERY = "stream_token";

/** JSON Web Tokens have three parts, API keys have none. */
const BEARER_TOKEN = /^Bearer\s+([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** What a request has as Bearer that looks like a token and not like a key. */
export function presentedToken(c: AppContext): string | undefined {
  const [, token] = BEARER_TOKEN.exec(c.req.header("authorization")?.trim() ?? "") ?? [];
  return token;
}

/** Whether a token is for the run of the path, whose project is its number or `@current`. */
export function tokenNamesPath(run: TokenRun, c: AppContext): boolean {
  const project = c.req.param("project_id");
  return (
    (project === "@current" || project === String(run.projectNumber)) &&
    readUuid(c.req.param("task_id") ?? "") === run.taskId &&
    readUuid(c.req.param("run_id") ?? "") === run.runId
  );
}

/** A token that comes where a browser's WebSocket can put one. */
function tokenWithoutHeader(c: AppContext): string | undefined {
  const offered = offeredProtocols(c).find((protocol) => protocol.startsWith(TOKEN_PROTOCOL_PREFIX));
  return c.req.query(STREAM_TOKEN_QUERY) ?? offered?.slice(TOKEN_PROTOCOL_PREFIX.length);
}

/** The run that a request's token opens in the role that it asks for. Agents may come by the token of their events. */
async function readToken(c: AppContext): Promise<{ run: TokenRun; token: string } | undefined> {
  const { RUN_TOKEN_PRIVATE_KEY: secrets } = configOf(c);
  const role = c.req.query("role") === "agent" ? "agent" : "viewer";
  const bearer = presentedToken(c);
  const token = bearer ?? tokenWithoutHeader(c);
  if (token === undefined) return undefined;
  const run = await readStreamToken(secrets, token, role);
  if (run) return { run, token };
  const sender = role === "agent" && bearer !== undefined ? await readIngestToken(secrets, bearer) : undefined;
  return sender && { run: sender, token };
}

async function admitByStreamToken(c: AppContext): Promise<boolean> {
  const read = await readToken(c);
  if (!read || !tokenNamesPath(read.run, c)) return false;
  const { run, token } = read;
  await limitRate(c, `run:${run.runId}`);
  c.set("tokenRun", run);
  const { exp } = decodeJwt(token);
  if (exp !== undefined) c.set("tokenExpiresAt", exp * 1000);
  return true;
}

/**
 * Lets a request in by a token (agent-tasks 9) in place of a key. Only a stream token is taken from a URL: it opens one
 * run's stream, for ten minutes. With one that is not for this run, or not for this role, the request needs a key.
 */
export const admitStreamToken: Admission = { runToken: "stream", admit: admitByStreamToken };
