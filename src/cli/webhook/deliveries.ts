import { items, listWebhookDeliveries } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { take } from "../base/take.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge } from "../output/units.ts";

interface DeliveriesOptions extends CommonOptions {
  state?: string | undefined;
}

/** Deliveries that are listed at most. */
const MOST = 100;
const STATES = ["pending", "delivered", "undelivered"] as const;

/** `taskyard webhook deliveries` */
export async function run(
  { out, session, signal }: Context,
  webhook: string,
  options: DeliveriesOptions,
): Promise<void> {
  const state = STATES.find((known) => known === options.state);
  if (options.state !== undefined && !state)
    throw usageFailure(`${options.state} is no state.`, `States are ${STATES.join(", ")}.`);
  const { client } = await session();
  const path = { webhook_id: webhook };
  const deliveries = await take(
    items(client, listWebhookDeliveries, { path, query: state ? { state } : {}, signal }),
    MOST,
  );
  out.list(deliveries, {
    head: ["DELIVERY", "EVENT", "STATE", "ATTEMPTS", "ANSWER", "MADE"],
    cells: ({ id, event, state: now, attempts, last_status, last_error, created_at }) => [
      id,
      event,
      now === "undelivered" ? out.paint("red", now) : now,
      String(attempts),
      String(last_status ?? safeLine(last_error ?? "–")),
      formatAge(created_at),
    ],
    short: ({ id }) => id,
    none: "Nothing was delivered yet.",
  });
}
