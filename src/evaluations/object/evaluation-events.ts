import type { Item } from "./item-store.ts";
import { passedOf } from "../model/results.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { ItemStatus } from "../statistics/item-result.ts";
import type { Journal, Reading } from "../../stream/journal/journal.ts";
import type { StreamView, Tail } from "../../stream/journal/journal-view.ts";

/** What an evaluation's events tell (docs/evaluations.md, "Events"). */
type EvaluationEvent =
  | { type: "evaluation"; evaluation: ReturnType<typeof outlineOf>; counts: Record<ItemStatus, number> }
  | { type: "item"; item: ReturnType<typeof outlineOfItem>; counts: Record<ItemStatus, number> }
  | { type: "evaluation-end"; evaluation: ReturnType<typeof outlineOf>; counts: Record<ItemStatus, number> };

const TAG = "event";
const TAGS = [TAG];

function outlineOf({ id, name, status, stopReason }: EvaluationRecord) {
  return { id, name, status, stop_reason: stopReason };
}

/** An item as far as its events go: what a grid of tasks and attempts shows. */
function outlineOfItem(item: Item) {
  const { state } = item;
  return {
    id: item.id,
    position: item.position,
    task_ref: item.task.ref,
    attempt: item.attempt,
    item_status: item.status,
    try: item.tryNumber,
    retry_count: item.retries,
    passed: passedOf(item),
    reward: state?.reward ?? null,
    end_reason: state?.endReason ?? null,
    error: state?.error ?? null,
    environment_id: state?.environmentId ?? null,
    run_id: state?.runId ?? null,
  };
}

function toLine(event: EvaluationEvent, now: number): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ timestamp: new Date(now).toISOString(), ...event })}\n`);
}

/** What an evaluation's stream shows: all of its events. */
export class EvaluationEvents implements StreamView {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Tells of the evaluation itself; call this and the following in the transaction of the change. */
  tell(record: EvaluationRecord, counts: Record<ItemStatus, number>, now: number): void {
    this.#journal.append(TAG, toLine({ type: "evaluation", evaluation: outlineOf(record), counts }, now));
  }

  /** Tells how an item stands now. */
  tellItem(item: Item, counts: Record<ItemStatus, number>, now: number): void {
    this.#journal.append(TAG, toLine({ type: "item", item: outlineOfItem(item), counts }, now));
  }

  /** Tells of the end, and lets readers go that have everything. */
  end(record: EvaluationRecord, counts: Record<ItemStatus, number>, now: number): void {
    this.#journal.append(TAG, toLine({ type: "evaluation-end", evaluation: outlineOf(record), counts }, now));
    this.#journal.close();
  }

  /** There is more to tell after all. */
  reopen(): void {
    this.#journal.reopen();
  }

  part(): undefined {
    return undefined;
  }

  tail(): Tail {
    return { seq: this.#journal.tail, ended: this.#journal.isClosed };
  }

  head(): number {
    return this.#journal.head;
  }

  latest(): number {
    const { tail } = this.#journal;
    return this.#journal.isClosed ? tail : tail + 1;
  }

  read(from: number, to: number, maxBytes: number): Reading | Promise<Reading> {
    return this.#journal.read(from, { tags: TAGS, maxBytes, to });
  }
}
