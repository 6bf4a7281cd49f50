import { and, eq, type SQL, sql } from "drizzle-orm";
import { agentTasks } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";
import type { WebhookEvent } from "../db/webhook-events.ts";
import { webhookDeliveries, webhookEndpoints } from "../db/webhook-schema.ts";
import { logBackgroundFailure } from "../http/request-log.ts";
import { selectNewDelivery } from "./delivery-store.ts";

/** Something to tell the webhooks of an organization. */
export interface Notice {
  event: WebhookEvent;
  /** The same for the same change, however often it is announced: clients drop repeats by it. */
  eventId: string;
  organizationId: string;
  occurredAt: Date;
  data: Record<string, unknown>;
  /** The agent task that it is about: `task_id`, `task_uuid` and `task_title` then stand in front of `data`. */
  taskId?: string;
}

/** Workflow instances that one call can create. */
const START_BATCH = 100;

/** The envelope (workflow-files, "Webhooks"). The task's integer and title are its row's. */
function bodyOf({ event, eventId, organizationId, occurredAt, data, taskId }: Notice): SQL<string> {
  const subject = taskId === undefined ? {} : { task_id: "", task_uuid: taskId, task_title: "" };
  const envelope = JSON.stringify({
    event,
    event_id: eventId,
    organization_id: organizationId,
    timestamp: occurredAt.toISOString(),
    data: { ...subject, ...data },
  });
  if (taskId === undefined) return sql<string>`${envelope}`;
  return sql<string>`json_set(${envelope}, '$.data.task_id', 'task_' || ${agentTasks.number},
    '$.data.task_title', ${agentTasks.title})`;
}

/**
 * The statement that puts an event on its way to each webhook that wants it. It belongs in the batch of the change that
 * the event tells of: both come to be or neither. Its rows are the deliveries to start; announcing again makes none.
 */
export function announce(db: Database, notice: Notice) {
  const { event, eventId, organizationId, occurredAt, taskId } = notice;
  const wanted = sql`exists (select 1 from json_each(${webhookEndpoints.events}) where value = ${event})`;
  const own = and(eq(webhookEndpoints.organizationId, organizationId), eq(webhookEndpoints.enabled, true), wanted);
  const selected = db
    .select({
      id: sql<string>`lower(hex(randomblob(16)))`.as("id"),
      organizationId: webhookEndpoints.organizationId,
      endpointId: sql<string>`${webhookEndpoints.id}`.as("endpoint_id"),
      event: sql<WebhookEvent>`${event}`.as("event"),
      eventId: sql<string>`${eventId}`.as("event_id"),
      body: bodyOf(notice).as("body"),
      replayOf: sql<null>`null`.as("replay_of"),
      ...selectNewDelivery(occurredAt),
    })
    .from(webhookEndpoints);
  const subject =
    taskId === undefined
      ? selected.where(own)
      : selected
          .innerJoin(
            agentTasks,
            and(eq(agentTasks.id, taskId), eq(agentTasks.organizationId, webhookEndpoints.organizationId)),
          )
          .where(own);
  return db.insert(webhookDeliveries).select(subject).onConflictDoNothing().returning({ id: webhookDeliveries.id });
}

/**
 * Starts the Workflows of deliveries that are stored. What fails here is only late: the sweeper starts deliveries that
 * nobody has begun.
 */
export async function startDeliveries(env: Cloudflare.Env, deliveries: readonly { id: string }[]): Promise<void> {
  try {
    for (let first = 0; first < deliveries.length; first += START_BATCH) {
      const instances = deliveries.slice(first, first + START_BATCH).map(({ id }) => ({ id }));
      await env.WEBHOOK.createBatch({ instances });
    }
  } catch (error) {
    logBackgroundFailure("startDeliveries", error);
  }
}
