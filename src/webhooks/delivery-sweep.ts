import { and, asc, eq, inArray, lt } from "drizzle-orm";
import { connect, type Database } from "../db/client.ts";
import { webhookDeliveries } from "../db/webhook-schema.ts";
import { recordAttempt } from "./delivery-store.ts";
import { startDeliveries } from "./outbox.ts";

/** Deliveries that are looked after at once: two calls of Workflows for each. */
const RESCUE_BATCH = 50;
/** Rows that one statement deletes. */
const FORGET_BATCH = 1000;
/** Batches of each kind in one run; the next run goes on. */
const MAX_BATCHES = 8;
/** Milliseconds after which an attempt that was due has not come. A Workflow that repeats it by itself is left alone. */
const OVERDUE_AFTER_MS = 10 * 60 * 1000;

const ENDED: ReadonlySet<string> = new Set(["errored", "terminated", "complete"]);

/** What one run did. */
export interface DeliverySweep {
  /** Overdue deliveries: started, or given up where their Workflow broke off. */
  rescued: number;
  /** Deliveries that were over for long, deleted. */
  forgotten: number;
}

/** Starts deliveries that nobody has begun, and forgets old ones: called by the cron trigger, in bounded pieces. */
export async function sweepDeliveries(env: Cloudflare.Env, now: Date): Promise<DeliverySweep> {
  const db = connect(env.DB);
  return {
    rescued: await inBatches(RESCUE_BATCH, () => rescueOverdue(env, db, now)),
    forgotten: await inBatches(FORGET_BATCH, () => forgetOld(db, now)),
  };
}

/** Repeats `work` while it finds full batches, and gives the sum of what it answers. */
async function inBatches(size: number, work: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const done = await work();
    sum += done;
    if (done < size) break;
  }
  return sum;
}

async function rescueOverdue(env: Cloudflare.Env, db: Database, now: Date): Promise<number> {
  const late = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.state, "pending"),
        lt(webhookDeliveries.dueAt, new Date(now.getTime() - OVERDUE_AFTER_MS)),
      ),
    )
    .orderBy(asc(webhookDeliveries.dueAt))
    .limit(RESCUE_BATCH);
  // To the end of the line, so that slow ones do not keep the sweeper from the others; in one statement, because one that
  // is over by now keeps the time at which its row may go.
  const overdue = await db
    .update(webhookDeliveries)
    .set({ dueAt: now })
    .where(inArray(webhookDeliveries.id, late))
    .returning({ id: webhookDeliveries.id, attempts: webhookDeliveries.attempts });
  const found = await Promise.all(
    overdue.map(async (delivery) => {
      const instance = await env.WEBHOOK.get(delivery.id).catch(() => undefined);
      return { delivery, status: instance && (await instance.status()).status };
    }),
  );
  await startDeliveries(
    env,
    found.filter(({ status }) => status === undefined).map(({ delivery }) => delivery),
  );
  const error = "The delivery broke off on this server.";
  for (const { delivery, status } of found) {
    if (status === undefined || !ENDED.has(status)) continue;
    const { id, attempts } = delivery;
    await recordAttempt(db, id, { attempts, status: null, error, next: "undelivered" }, now);
  }
  return overdue.length;
}

async function forgetOld(db: Database, now: Date): Promise<number> {
  const old = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(and(inArray(webhookDeliveries.state, ["delivered", "undelivered"]), lt(webhookDeliveries.dueAt, now)))
    .limit(FORGET_BATCH);
  const forgotten = await db
    .delete(webhookDeliveries)
    .where(inArray(webhookDeliveries.id, old))
    .returning({ id: webhookDeliveries.id });
  return forgotten.length;
}
