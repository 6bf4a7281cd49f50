import { isObject } from "../../json-bytes/json-extents.ts";
import type { ItemUsage } from "../statistics/item-result.ts";
import { readNotification, readUpdate } from "./notification.ts";
import { known } from "./trajectory-usage.ts";

/** Sessions of one run that are told apart; those after it count as one. An agent that resumes has a few. */
const MAX_SESSIONS = 100;

const FIELDS = ["inputTokens", "outputTokens", "cachedTokens", "costUsd"] as const satisfies (keyof ItemUsage)[];

type Amounts = Partial<ItemUsage>;

const amount = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;

/**
 * Amounts in the words of ATIF (`prompt_tokens`, which has the cached ones in it, `completion_tokens`, `cached_tokens`,
 * `cost_usd`), or of the Agent Client Protocol (`inputTokens`, to which `cachedReadTokens` and `cachedWriteTokens` come,
 * `outputTokens`).
 */
export function readAmounts(value: unknown): ItemUsage {
  const amounts: Record<string, unknown> = isObject(value) ? value : {};
  const [input, read] = [amount(amounts["inputTokens"]), amount(amounts["cachedReadTokens"])];
  const prompt = input === null ? null : input + (read ?? 0) + (amount(amounts["cachedWriteTokens"]) ?? 0);
  return {
    inputTokens: amount(amounts["prompt_tokens"]) ?? prompt,
    outputTokens: amount(amounts["completion_tokens"]) ?? amount(amounts["outputTokens"]),
    cachedTokens: amount(amounts["cached_tokens"]) ?? read,
    costUsd: amount(amounts["cost_usd"]),
  };
}

/** A cost so far: a number of dollars, or an amount with its currency, of which only dollars count. */
function readCost(cost: unknown): number | null {
  if (!isObject(cost)) return amount(cost);
  const { currency } = cost;
  return typeof currency === "string" && currency.toUpperCase() === "USD" ? amount(cost["amount"]) : null;
}

/** A number that a session counts up. One that comes back smaller has begun anew, as after a restart of the agent. */
class Counter {
  #before = 0;
  #last: number | null = null;

  set(value: number | null): void {
    if (value === null) return;
    if (this.#last !== null && value < this.#last) this.#before += this.#last;
    this.#last = value;
  }

  get total(): number | null {
    return this.#last === null ? null : this.#before + this.#last;
  }
}

class Sum {
  total: number | null = null;

  add(value: number | null): void {
    if (value !== null) this.total = (this.total ?? 0) + value;
  }
}

const forEachField = <T>(make: () => T): Record<keyof ItemUsage, T> => ({
  inputTokens: make(),
  outputTokens: make(),
  cachedTokens: make(),
  costUsd: make(),
});

/**
 * What one session has said. Agents tell the same tokens in more than one way, so that ways are never added up: the
 * one that stands first in `total` counts.
 */
class SessionUsage {
  readonly #counted = forEachField(() => new Counter());
  readonly #turns = forEachField(() => new Sum());
  readonly #steps = forEachField(() => new Sum());

  /** What the session has used so far, in all. */
  count(amounts: Amounts): void {
    for (const field of FIELDS) this.#counted[field].set(amounts[field] ?? null);
  }

  addTurn(amounts: Amounts): void {
    for (const field of FIELDS) this.#turns[field].add(amounts[field] ?? null);
  }

  addStep(amounts: Amounts): void {
    for (const field of FIELDS) this.#steps[field].add(amounts[field] ?? null);
  }

  total(field: keyof ItemUsage): number | null {
    return this.#counted[field].total ?? this.#turns[field].total ?? this.#steps[field].total;
  }
}

/**
 * Tokens and cost of a run, from its log or its events one by one (docs/trajectories.md, "Usage"); what it holds does not grow with
 * them. Give it either the log or the events of one attempt: each event also stands in the log.
 */
export class UsageMeter {
  readonly #sessions = new Map<string, SessionUsage>();

  add(entry: unknown): void {
    const notification = readNotification(entry);
    if (notification === undefined) return;
    const { method, params } = notification;
    const update = readUpdate(notification);
    const session = () => this.#session(params["sessionId"]);
    if (update?.["sessionUpdate"] === "usage_update") {
      // Its `used` is what the context holds at the moment, and no consumption.
      session().count({ costUsd: readCost(update["cost"]) });
      session().addStep({ ...readAmounts(update), costUsd: null });
    } else if (update?.["sessionUpdate"] === "usage") {
      session().addStep(readAmounts(update));
    } else if (method === "_posthog/usage_update") {
      session().count({ costUsd: readCost(params["cost"]) });
      session().addTurn({ ...readAmounts(params["used"]), costUsd: null });
    } else if (method === "_posthog/turn_complete" && isObject(params["usage"])) {
      session().count(readAmounts(params["usage"]));
    }
  }

  /** Null where no entry has said anything; so is each field. */
  usage(): ItemUsage | null {
    const sums = forEachField(() => new Sum());
    for (const session of this.#sessions.values()) {
      for (const field of FIELDS) sums[field].add(session.total(field));
    }
    return known({
      inputTokens: sums.inputTokens.total,
      outputTokens: sums.outputTokens.total,
      cachedTokens: sums.cachedTokens.total,
      costUsd: sums.costUsd.total,
    });
  }

  #session(id: unknown): SessionUsage {
    const named = typeof id === "string" ? id : "";
    const key = this.#sessions.has(named) || this.#sessions.size < MAX_SESSIONS ? named : "";
    const session = this.#sessions.get(key) ?? new SessionUsage();
    this.#sessions.set(key, session);
    return session;
  }
}

/** The usage that the entries of a run tell. */
export function usageOf(entries: Iterable<unknown>): ItemUsage | null {
  const meter = new UsageMeter();
  for (const entry of entries) meter.add(entry);
  return meter.usage();
}
