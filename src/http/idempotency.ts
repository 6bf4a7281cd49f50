import { z } from "@hono/zod-openapi";
import { and, eq, inArray, isNull, lt } from "drizzle-orm";
import { createMiddleware } from "hono/factory";
import { v5 as nameUuid, v7 as uuid } from "uuid";
import { hashText } from "../auth/text-hash.ts";
import { connect } from "../db/client.ts";
import { idempotencyKeys } from "../db/schema.ts";
import { type AppContext, type AppEnv, callerOf, databaseOf } from "./context.ts";
import { ApiError } from "./errors/error-table.ts";
import { logFailure } from "./request-log.ts";

/**
 * `Idempotency-Key` (docs/http.md): a request that is sent again does no more and has the same answer. Its key is written
 * down with a seed before anything is done, and the ids of what the request makes follow from the seed: whoever repeats
 * it, also after a crash in between or at the same time, makes the same things, which their stores take once.
 */

/** Milliseconds for which a key is remembered. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Characters of a stored answer at most, of the 2 MB of a row; a larger one is made anew from what is there. */
const ANSWER_MAX_LENGTH = 500_000;

/** Keys that one sweep forgets, in one statement. */
const FORGET_BATCH = 10_000;

/** The header as operations document and check it. */
export const idempotencyKey = z.string().min(1).max(255).optional();

/** The header of an answer to a request that was done before. */
export const replayedHeader = {
  schema: { type: "string" },
  description: "`true` where an earlier request with the same key made it",
} as const;

async function hashBody(c: AppContext): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await c.req.arrayBuffer())).toHex();
}

/** Writes the key down, unless it is there, and returns what is known of it. */
async function reserve(c: AppContext, id: string, requestHash: string) {
  const db = databaseOf(c);
  const now = new Date();
  const fresh = { seed: uuid(), requestHash, status: null, body: null, expiresAt: new Date(now.getTime() + KEPT_MS) };
  const [, [known]] = await db.batch([
    db
      .insert(idempotencyKeys)
      .values({ id, ...fresh })
      .onConflictDoUpdate({ target: idempotencyKeys.id, set: fresh, setWhere: lt(idempotencyKeys.expiresAt, now) }),
    db.select().from(idempotencyKeys).where(eq(idempotencyKeys.id, id)),
  ]);
  if (!known) throw new Error("An idempotency key that was just written is not there");
  return known;
}

/** Keeps a successful answer; a request that was refused before it made anything gives its key free. */
async function conclude(c: AppContext, id: string): Promise<void> {
  const unanswered = and(eq(idempotencyKeys.id, id), isNull(idempotencyKeys.status));
  if (c.res.ok) {
    const body = await c.res.clone().text();
    if (body.length > ANSWER_MAX_LENGTH) return;
    await databaseOf(c).update(idempotencyKeys).set({ status: c.res.status, body }).where(unanswered);
  } else if (c.res.status < 500 && !c.get("idempotency")?.isUsed) {
    await databaseOf(c).delete(idempotencyKeys).where(unanswered);
  }
}

/** Honours `Idempotency-Key`, in the scope of the organization, the credential and the path; 409 for another request. */
export const honourIdempotencyKey = createMiddleware<AppEnv>(async (c, next) => {
  const key = c.req.header("idempotency-key");
  // What is no key is refused where the headers are checked.
  if (key === undefined || !idempotencyKey.safeParse(key).success) return next();
  const run = c.get("tokenRun");
  const owner = run ? ["run", run.runId] : [callerOf(c).organizationId, callerOf(c).keyId];
  const id = await hashText(JSON.stringify([...owner, c.req.method, c.req.path, key]));
  const requestHash = await hashBody(c);
  const known = await reserve(c, id, requestHash);
  if (known.requestHash !== requestHash) {
    throw new ApiError("conflict", "This Idempotency-Key was used for another request.");
  }
  if (known.status !== null) {
    const headers = { "Content-Type": "application/json", "Idempotency-Replayed": "true" };
    return new Response(known.body, { status: known.status, headers });
  }
  c.set("idempotency", { seed: known.seed, isUsed: false });
  await next();
  // What was done is done: without its answer a repetition finds it by its ids.
  await conclude(c, id).catch((error: unknown) => logFailure(c, error));
});

/** The seed of this request's key, which whoever makes something by it asks for; undefined without a key. */
export function seedOf(c: AppContext): string | undefined {
  const honoured = c.get("idempotency");
  if (honoured) honoured.isUsed = true;
  return honoured?.seed;
}

/**
 * The id of a thing that this request makes, by its name within the request: the same when the request is repeated.
 * `fresh` makes one where the request has no key.
 */
export function idToMake(c: AppContext, name: string, fresh: () => string = uuid): string {
  const seed = seedOf(c);
  return seed === undefined ? fresh() : nameUuid(name, seed);
}

/** Forgets keys whose time is over: called by the cron trigger. */
export async function sweepIdempotencyKeys(env: Pick<Cloudflare.Env, "DB">, now: Date): Promise<number> {
  const db = connect(env.DB);
  const old = db
    .select({ id: idempotencyKeys.id })
    .from(idempotencyKeys)
    .where(lt(idempotencyKeys.expiresAt, now))
    .limit(FORGET_BATCH);
  const forgotten = await db
    .delete(idempotencyKeys)
    .where(inArray(idempotencyKeys.id, old))
    .returning({ id: idempotencyKeys.id });
  return forgotten.length;
}
