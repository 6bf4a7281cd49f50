import { connect, type Database } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { Timers } from "../../objects/timers.ts";
import type { RunOwner } from "../model/run-owner.ts";
import type { RunRow } from "../model/run-view.ts";
import type { DispatchEvent } from "../dispatch/dispatch-table.ts";
import type { RunDispatch } from "./run-dispatch.ts";
import type { RunConnections } from "./run-connections.ts";
import type { RunTimer } from "./run-ending.ts";
import type { RunJournal } from "./run-journal.ts";
import { nextAttempt, RunProjection } from "./run-projection.ts";

/** What a run's object has to do beside its answers, and does again by its alarm until it is done. */
export class RunDuties {
  readonly #timers: Timers<RunTimer>;
  readonly #journal: RunJournal;
  readonly #projection: RunProjection;
  readonly #dispatch: RunDispatch;
  readonly #follow: (event: DispatchEvent) => Promise<void>;
  readonly #connections: Pick<RunConnections, "checkPasses">;
  readonly #db: Database;
  readonly #latest: () => RunRow | undefined;
  readonly #owner: () => RunOwner | undefined;
  readonly #env: Cloudflare.Env;

  /** `latest` is the run as it is stored at the time; `follow` takes up what happens on its way to a runner. */
  constructor(
    ctx: DurableObjectState,
    env: Cloudflare.Env,
    timers: Timers<RunTimer>,
    journal: RunJournal,
    connections: Pick<RunConnections, "checkPasses">,
    dispatch: RunDispatch,
    {
      latest,
      follow,
      owner,
    }: {
      latest: () => RunRow | undefined;
      follow: (event: DispatchEvent) => Promise<void>;
      owner: () => RunOwner | undefined;
    },
  ) {
    this.#env = env;
    this.#owner = owner;
    this.#timers = timers;
    this.#journal = journal;
    this.#projection = new RunProjection(ctx, env, timers, latest, () => owner() !== undefined);
    this.#dispatch = dispatch;
    this.#follow = follow;
    this.#connections = connections;
    this.#db = connect(env.DB);
    this.#latest = latest;
  }

  /** Takes up a run that the object has loaded. */
  resume(run: RunRow): void {
    this.#projection.resume(run);
  }

  /** Call it in the transaction of each change: `before` is undefined for a new run. */
  schedule(before: RunRow | undefined, run: RunRow): void {
    this.#projection.schedule(before, run);
    if (before && before.status !== run.status && this.#owner()) this.#timers.set("owner", Date.now());
  }

  /** Writes a committed state of the run to D1. */
  async project(run: RunRow): Promise<void> {
    await this.#projection.follow(run);
  }

  /** Writes to D1 what it does not show yet. */
  async settle(run: RunRow): Promise<void> {
    await this.#projection.settle(run);
  }

  /** Does what is due: after a failure, or after the object was lost in between. Twice does no more than once. */
  async doDue(): Promise<void> {
    for (const timer of this.#timers.due(Date.now())) {
      // The run as it is by now: it may have changed while the timer before had its turn.
      const run = this.#latest();
      if (!run) return;
      if (timer === "dispatch") await this.#dispatch.askPool(run, (event) => this.#hearPool(event));
      else if (timer === "waiting") await this.#sayWhatFor(run);
      else if (timer === "owner") await this.#tellOwner(run);
      else if (timer === "deadline") {
        this.#timers.clear("deadline");
        await this.#follow({ kind: "time_up" });
      } else if (timer === "close") this.#journal.close();
      else if (timer === "passes") await this.#connections.checkPasses(this.#db);
      else if (timer === "archive") await this.#journal.archive(run);
      else await this.#projection.write(run);
    }
    await this.#timers.arm();
  }

  /** No client drives a run that has an owner: one that no runner takes fails, also where there has never been a runner. */
  #hearPool(event: DispatchEvent): Promise<void> {
    const isOwned = this.#owner() !== undefined;
    return this.#follow(event.kind === "withdrawn" && isOwned ? { ...event, hasRunners: true } : event);
  }

  /** Tells whoever the run was made for that its status has changed. */
  async #tellOwner(run: RunRow): Promise<void> {
    const owner = this.#owner();
    try {
      if (owner) await this.#env.EVALUATION_ITEM.getByName(owner.itemId).hearRun(run.id);
      this.#timers.clear("owner");
    } catch (error) {
      logBackgroundFailure("tellOwner", error);
      this.#timers.set("owner", nextAttempt(run, Date.now()));
    }
  }

  /** Says in the log what the run waits for, once each time it is queued. */
  async #sayWhatFor(run: RunRow): Promise<void> {
    try {
      const message = await this.#dispatch.explainWait(run);
      this.#timers.clear("waiting");
      if (message !== undefined) this.#journal.say(message);
    } catch (error) {
      logBackgroundFailure("sayWhatFor", error);
      this.#timers.set("waiting", nextAttempt(run, Date.now()));
    }
  }
}
