import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Caller } from "./caller.ts";
import { importRunTokenKeys, RUN_TOKEN_ALGORITHM, type RunTokenSecrets } from "./run-token-keys.ts";

/** A run as its tokens name it. */
export interface TokenRun {
  runId: string;
  taskId: string;
  /** The project's integer: `team_id` to agent clients. */
  projectNumber: number;
}

const CONNECTION_AUDIENCE = "posthog:sandbox_connection";
const CONNECTION_SECONDS = 24 * 3600;

const STREAM_AUDIENCE = "taskyard:run_stream";
/** Long enough to open a stream, too short to be worth stealing; a reconnecting client asks for another. */
const STREAM_SECONDS = 10 * 60;

async function sign(secrets: RunTokenSecrets, audience: string, seconds: number, claims: object): Promise<string> {
  const [key] = await importRunTokenKeys(secrets);
  if (!key) throw new Error("RUN_TOKEN_PRIVATE_KEY is not configured (see docs/configuration.md).");
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: RUN_TOKEN_ALGORITHM, typ: "JWT", kid: key.kid })
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key.privateKey);
}

/**
 * The token that an agent's own server takes from a client (agent-tasks 8.2), good for 24 hours. `mode` is the run's,
 * where its state has one.
 */
export function signConnectionToken(
  secrets: RunTokenSecrets,
  run: TokenRun,
  caller: Pick<Caller, "userId" | "userNumber">,
  mode: string | undefined,
): Promise<string> {
  return sign(secrets, CONNECTION_AUDIENCE, CONNECTION_SECONDS, {
    run_id: run.runId,
    task_id: run.taskId,
    team_id: run.projectNumber,
    user_id: caller.userNumber,
    distinct_id: caller.userId,
    ...(mode !== undefined && { mode }),
  });
}

/** A token that opens one run's stream for reading and nothing else (agent-tasks 9), good for ten minutes. */
export function signStreamToken(secrets: RunTokenSecrets, run: TokenRun): Promise<string> {
  return sign(secrets, STREAM_AUDIENCE, STREAM_SECONDS, {
    run_id: run.runId,
    task_id: run.taskId,
    team_id: run.projectNumber,
  });
}

const streamClaims = z.object({ run_id: z.string(), task_id: z.string(), team_id: z.int() });

/** The run whose stream a token opens; undefined for a token that is forged, expired, or for something else. */
export async function readStreamToken(secrets: RunTokenSecrets, token: string): Promise<TokenRun | undefined> {
  const keys = await importRunTokenKeys(secrets);
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.find((candidate) => candidate.kid === kid);
        if (!key) throw new Error("unknown kid");
        return key.publicKey;
      },
      { algorithms: [RUN_TOKEN_ALGORITHM], audience: STREAM_AUDIENCE, requiredClaims: ["exp"] },
    );
    const claims = streamClaims.parse(payload);
    return { runId: claims.run_id, taskId: claims.task_id, projectNumber: claims.team_id };
  } catch {
    return undefined;
  }
}
