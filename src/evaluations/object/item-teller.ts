import { connect } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { findDetail } from "../../registry/read/published-store.ts";
import { readProject } from "../../tasks/project.ts";
import { insertTask } from "../../tasks/task-store.ts";
import { startDeliveries } from "../../webhooks/outbox.ts";
import { openItem } from "../item/item-handle.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { EndReason } from "../model/end-reason.ts";
import { isEnded } from "../model/item-status.ts";
import { beginTry, type TryPlan } from "../model/plan.ts";
import { endingOf } from "../model/end-reason.ts";
import type { EvaluationCore } from "./evaluation-core.ts";
import type { Item } from "./item-store.ts";

/** Items that are told at the same time. */
const PARALLEL = 20;

/** How long after a failure they are told again, in milliseconds. */
const RETRY_MS = 2_000;

/** Characters of an agent task's title. */
const TITLE_MAX_LENGTH = 255;

/** Tells items' objects to begin a try or to stop it, until each has answered. */
export class ItemTeller {
  readonly #env: Cloudflare.Env;
  readonly #core: EvaluationCore;
  /** Agent tasks that are being made: several items of one task begin at once. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(env: Cloudflare.Env, core: EvaluationCore) {
    this.#env = env;
    this.#core = core;
  }

  /** Tells everybody who is to be told; what fails is left for the timer `tell`. */
  async tell(): Promise<void> {
    const { record, items, timers } = this.#core;
    if (!record) return;
    for (let next = items.toTell(PARALLEL); next.length > 0; next = items.toTell(PARALLEL)) {
      const told = await Promise.allSettled(
        next.map(({ item, cancels }) => (cancels === null ? this.#begin(record, item) : this.#cancel(item, cancels))),
      );
      const failed = told.find((outcome) => outcome.status === "rejected");
      if (!failed) continue;
      logBackgroundFailure("tellItem", failed.reason);
      timers.set("tell", Date.now() + RETRY_MS);
      return timers.arm();
    }
    timers.clear("tell");
    await timers.arm();
  }

  async #begin(record: EvaluationRecord, item: Item): Promise<void> {
    await this.#makeTask(record, item);
    await openItem(this.#env, item.id).begin(planOf(record, item));
    this.#core.items.told(item.id, item.tryNumber, "to_begin");
  }

  /** Stops a try; one that its object has not begun ends here. */
  async #cancel(item: Item, reason: EndReason): Promise<void> {
    const { hasBegun } = await openItem(this.#env, item.id).cancel(item.tryNumber, reason);
    this.#core.items.told(item.id, item.tryNumber, "to_cancel");
    if (hasBegun) return;
    const now = Date.now();
    const { status } = endingOf(reason);
    const present = this.#core.items.find(item.id);
    if (!present || isEnded(present.status)) return;
    const state = { ...(present.state ?? beginTry(now)), status, endReason: reason, completedAt: now };
    this.#core.report(item.id, item.tryNumber, state);
  }

  /** Makes the agent task whose runs are the attempts at the item's task, once. */
  async #makeTask(record: EvaluationRecord, { task, agentTaskId }: Item): Promise<void> {
    if (this.#core.items.isTaskMade(agentTaskId)) return;
    const making = this.#making.get(agentTaskId) ?? this.#insertTask(record, task, agentTaskId);
    this.#making.set(agentTaskId, making);
    try {
      await making;
      this.#core.items.taskMade(agentTaskId);
    } finally {
      this.#making.delete(agentTaskId);
    }
  }

  async #insertTask({ name, project, creator }: EvaluationRecord, task: Item["task"], id: string): Promise<void> {
    const db = connect(this.#env.DB);
    const reference = { org: task.organizationKey, name: task.name };
    const detail = await findDetail(db, creator, reference, { version: task.version });
    const { deliveries } = await insertTask(db, readProject(creator, String(project.number)), id, creator.userNumber, {
      title: `${task.ref} (${name})`.slice(0, TITLE_MAX_LENGTH),
      description: detail?.version?.instruction ?? "",
      internal: true,
      repository: undefined,
      json_schema: undefined,
    });
    if (deliveries.length > 0) await startDeliveries(this.#env, deliveries);
  }
}

/** What the item's object needs for its present try. */
function planOf(record: EvaluationRecord, { id: itemId, tryNumber, task, agentTaskId }: Item): TryPlan {
  const { id: evaluationId, creator, workspaceKey, project, agent, model, provider, secretIds, keepsFailed } = record;
  return {
    evaluationId,
    itemId,
    tryNumber,
    creator,
    workspaceKey,
    project,
    agentTaskId,
    task,
    agent,
    model,
    provider,
    secretIds,
    keepsFailed,
  };
}
