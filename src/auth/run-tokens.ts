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

const INGEST_AUDIENCE = "posthog:sandbox_event_ingest";
/** As long as a run may take and its last events need (agent-tasks 9). */
const INGEST_SECONDS = 7 * 3600;

const AGENT_AUDIENCE = "taskyard:run_agent";

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
    ...runClaims(run),
    user_id: caller.userNumber,
    distinct_id: caller.userId,
    ...(mode !== undefined && { mode }),
  });
}

function runClaims({ runId, taskId, projectNumber }: TokenRun): object {
  return { run_id: runId, task_id: taskId, team_id: projectNumber };
}

/** What a stream token allows: to read, or to connect as the run's agent, which includes reading. */
export type StreamRole = "viewer" | "agent";

/** A token that opens one run's stream in a role and nothing else (agent-tasks 9), good for ten minutes. */
export function signStreamToken(secrets: RunTokenSecrets, run: TokenRun, role: StreamRole): Promise<string> {
  return sign(secrets, STREAM_AUDIENCE, STREAM_SECONDS, { ...runClaims(run), role });
}

/** A token that sends one run's events and opens nothing else (agent-tasks 9), good for seven hours. */
export function signIngestToken(secrets: RunTokenSecrets, run: TokenRun): Promise<string> {
  return sign(secrets, INGEST_AUDIENCE, INGEST_SECONDS, runClaims(run));
}

/** The environment that an agent of an evaluation works in: whose it is, and which one. */
export interface TokenEnvironment {
  id: string;
  organizationId: string;
  organizationKey: string;
  workspaceKey: string;
}

/**
 * A token with which a run's agent reads and changes that run, good as long as the one of its events. With an environment it
 * lets its holder into that one too, who needs its own token besides.
 */
export function signAgentToken(
  secrets: RunTokenSecrets,
  run: TokenRun,
  environment?: TokenEnvironment,
): Promise<string> {
  const { id, organizationId, organizationKey, workspaceKey } = environment ?? {};
  const claims = { id, organizationId, organizationKey, workspaceKey };
  return sign(secrets, AGENT_AUDIENCE, INGEST_SECONDS, {
    ...runClaims(run),
    ...(environment && { environment: claims }),
  });
}

/** The run whose agent a token is of; undefined for a token that is forged, expired, or for something else. */
export async function readAgentToken(secrets: RunTokenSecrets, token: string): Promise<TokenRun | undefined> {
  return (await readRunToken(secrets, AGENT_AUDIENCE, token))?.run;
}

/** The environment that an agent's token lets in, and the run that it is of; undefined where it lets into none. */
export async function readEnvironmentToken(
  secrets: RunTokenSecrets,
  token: string,
): Promise<{ run: TokenRun; environment: TokenEnvironment } | undefined> {
  const read = await readRunToken(secrets, AGENT_AUDIENCE, token);
  return read?.environment && { run: read.run, environment: read.environment };
}

/** The run whose stream a token opens in `role`; undefined for one that is forged, expired, or for something else. */
export async function readStreamToken(
  secrets: RunTokenSecrets,
  token: string,
  role: StreamRole,
): Promise<TokenRun | undefined> {
  const read = await readRunToken(secrets, STREAM_AUDIENCE, token);
  return role === "agent" && read?.role !== "agent" ? undefined : read?.run;
}

/** The run whose events a token sends; undefined for a token that is forged, expired, or for something else. */
export async function readIngestToken(secrets: RunTokenSecrets, token: string): Promise<TokenRun | undefined> {
  return (await readRunToken(secrets, INGEST_AUDIENCE, token))?.run;
}

const tokenClaims = z.object({
  run_id: z.string(),
  task_id: z.string(),
  team_id: z.int(),
  role: z.string().optional(),
  environment: z
    .object({ id: z.string(), organizationId: z.string(), organizationKey: z.string(), workspaceKey: z.string() })
    .optional(),
});

interface ReadToken {
  run: TokenRun;
  role: string | undefined;
  environment: TokenEnvironment | undefined;
}

async function readRunToken(secrets: RunTokenSecrets, audience: string, token: string): Promise<ReadToken | undefined> {
  const keys = await importRunTokenKeys(secrets);
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.find((candidate) => candidate.kid === kid);
        if (!key) throw new Error("unknown kid");
        return key.publicKey;
      },
      { algorithms: [RUN_TOKEN_ALGORITHM], audience, requiredClaims: ["exp"] },
    );
    const { run_id, task_id, team_id, role, environment } = tokenClaims.parse(payload);
    return { run: { runId: run_id, taskId: task_id, projectNumber: team_id }, role, environment };
  } catch {
    return undefined;
  }
}
