import { DurableObject } from "cloudflare:workers";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { LongWork } from "../../objects/long-work.ts";
import { applySchema } from "../../objects/object-schema.ts";
import { TIMER_SCHEMA, Timers } from "../../objects/timers.ts";
import { endingOf, type EndReason } from "../model/end-reason.ts";
import type { TryPlan } from "../model/plan.ts";
import { openEvaluation } from "../object/evaluation-handle.ts";
import { beginProgress, type Outcome, type Progress, type Step } from "./progress.ts";
import { runAgent, startAgent } from "./steps/agent.ts";
import { clean, stopWork } from "./steps/clean.ts";
import { collectLogs } from "./steps/collect.ts";
import { measure } from "./steps/measure.ts";
import { claim, provision } from "./steps/provision.ts";
import { findLoss, type StepWork } from "./steps/step.ts";
import { verify } from "./steps/verify.ts";

const PROGRESS = "progress";

/** How often an object that is at work is woken: one that was lost goes on where it was. */
const PULSE_MS = 10_000;

/** Failures in a row after which a try is given up, and the pauses between them, in milliseconds. */
const MAX_FAILURES = 12;
const FAILURE_PAUSE_MS = 500;
const FAILURE_PAUSE_MAX_MS = 60_000;

const STEPS: Record<Exclude<Step, "over">, StepWork> = {
  claim,
  provision,
  start_agent: startAgent,
  agent: runAgent,
  measure,
  verify,
  collect: collectLogs,
  clean,
};

/**
 * The object of an item: it drives one try of it after the other from claiming a place to the end, and tells the evaluation
 * how it stands. Each step is stored before the next begins, and may be begun again: the server, this object and every other
 * one that takes part may be lost at any time.
 */
export class EvaluationItem extends DurableObject {
  readonly #timers: Timers<"drive">;
  readonly #work = new LongWork();
  #progress: Progress | undefined;
  #isRung = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#timers = new Timers(ctx.storage);
    this.#progress = ctx.storage.kv.get<Progress>(PROGRESS);
  }

  /** Begins a try, once; one that is not the latest is not begun any more. */
  async begin(plan: TryPlan): Promise<void> {
    if (this.#progress && this.#progress.plan.tryNumber >= plan.tryNumber) return;
    await this.#save(beginProgress(plan, Date.now()));
    void this.#drive();
  }

  /** Stops a try at once: its processes are killed. `hasBegun` is false where it has not begun, and will not. */
  async cancel(tryNumber: number, reason: EndReason): Promise<{ hasBegun: boolean }> {
    const progress = this.#progress;
    if (!progress || progress.plan.tryNumber < tryNumber) return { hasBegun: false };
    const isLate = progress.plan.tryNumber > tryNumber || progress.ending !== null || progress.step === "over";
    if (isLate || progress.cancelled !== null) return { hasBegun: true };
    await this.#save({ ...progress, cancelled: reason === "budget" ? "budget" : "user" });
    await stopWork({ env: this.env, progress: this.#progress ?? progress }, true).catch((error: unknown) =>
      // What could not be stopped now is stopped when the try is cleared away.
      logBackgroundFailure("stopItem", error),
    );
    this.#ring();
    return { hasBegun: true };
  }

  /** The run of the present try has changed. */
  hearRun(runId: string): void {
    if (this.#progress?.state.runId === runId) this.#ring();
  }

  override async alarm(): Promise<void> {
    if (!this.#progress) return;
    if (this.#progress.step !== "over" || this.#progress.reported < this.#progress.version) {
      this.#timers.set("drive", Date.now() + PULSE_MS);
      this.#ring();
    } else this.#timers.clear("drive");
    await this.#timers.arm();
  }

  #ring(): void {
    this.#isRung = true;
    void this.#drive();
  }

  #drive(): Promise<void> {
    return this.#work.run("driveItem", async () => {
      do {
        this.#isRung = false;
        await this.#driveOn();
      } while (this.#isRung);
    });
  }

  /** Goes on until the try is over, or has to wait. */
  async #driveOn(): Promise<void> {
    for (;;) {
      // In one process with many others, as on a laptop, an item that never waits would let nobody else be heard.
      await scheduler.wait(1);
      const progress = this.#progress;
      if (!progress) return;
      const isReported = await this.#report();
      const now = this.#progress ?? progress;
      if (now.step === "over") return isReported ? this.#rest() : this.#pause(FAILURE_PAUSE_MAX_MS);
      const outcome = await this.#do(now.step, now);
      if (outcome === undefined) return;
      await this.#apply(outcome);
      if ("wait" in outcome && outcome.wait > 0) return this.#pause(outcome.wait);
    }
  }

  /** Does a step; undefined where it failed, and is done again after a pause. */
  async #do(step: Exclude<Step, "over">, progress: Progress): Promise<Outcome | undefined> {
    if (progress.cancelled && progress.ending === null) return { end: progress.cancelled };
    try {
      const outcome = await STEPS[step]({
        env: this.env,
        progress,
        commit: (change) => this.#save({ ...(this.#progress ?? progress), ...change }),
        waitUntil: (work) => this.ctx.waitUntil(work),
      });
      const { cancelled, ending } = this.#progress ?? progress;
      return cancelled && ending === null ? { end: cancelled } : outcome;
    } catch (error) {
      const now = this.#progress ?? progress;
      if (now.cancelled && now.ending === null) return { end: now.cancelled };
      logBackgroundFailure(`item step ${step}`, error);
      // What is refused because the environment is gone is no failure of the server, and does not get better.
      const loss =
        now.ending === null ? await findLoss({ env: this.env, progress: now }).catch(() => undefined) : undefined;
      if (loss !== undefined) return { end: "sandbox_lost", error: loss };
      const failures = now.failures + 1;
      if (failures >= MAX_FAILURES) {
        const message = error instanceof Error ? error.message : "unknown";
        // What cannot be kept or removed does not change how the try has ended.
        if (step === "collect") return { next: "clean" };
        return step === "clean" ? { next: "over", state: overOf(now) } : { end: "server_error", error: message };
      }
      await this.#save({ ...now, failures });
      await this.#pause(Math.min(FAILURE_PAUSE_MS * 2 ** failures, FAILURE_PAUSE_MAX_MS));
      return undefined;
    }
  }

  async #apply(outcome: Outcome): Promise<void> {
    const progress = this.#progress;
    if (!progress) return;
    const state = { ...progress.state, ...outcome.state };
    const version = outcome.state ? progress.version + 1 : progress.version;
    const changed = { ...progress, state, version, failures: 0 };
    if ("end" in outcome) {
      // Logs are kept of whatever an agent had begun; who cancels does not wait for them.
      const step = progress.state.runId !== null && outcome.end !== "user" ? "collect" : "clean";
      const ending = { reason: outcome.end, error: outcome.error ?? null };
      return this.#save({ ...changed, step, ending });
    }
    await this.#save({ ...changed, ...outcome.change, step: "next" in outcome ? outcome.next : progress.step });
  }

  /** Tells the evaluation how the try stands, unless it knows. False where it could not be told. */
  async #report(): Promise<boolean> {
    const progress = this.#progress;
    if (!progress || progress.reported === progress.version) return true;
    const { plan, state, version } = progress;
    try {
      const evaluation = openEvaluation(this.env, plan.evaluationId);
      const { isWanted } = await evaluation.report(plan.itemId, plan.tryNumber, state);
      const present = this.#progress ?? progress;
      const gone = isWanted || present.ending !== null ? present.cancelled : (present.cancelled ?? "user");
      await this.#save({ ...present, reported: version, cancelled: gone });
      return true;
    } catch (error) {
      logBackgroundFailure("reportItem", error);
      return false;
    }
  }

  async #save(progress: Progress): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      applySchema(this.ctx.storage.sql, [TIMER_SCHEMA]);
      this.ctx.storage.kv.put(PROGRESS, progress);
      if (!this.#timers.has("drive")) this.#timers.set("drive", Date.now() + PULSE_MS);
    });
    this.#progress = progress;
    await this.#timers.arm();
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#isRung) return;
    this.#timers.set("drive", Date.now() + milliseconds);
    await this.#timers.arm();
  }

  /** Nothing is left to do. */
  async #rest(): Promise<void> {
    this.#timers.clear("drive");
    await this.#timers.arm();
  }
}

/** The end of a try that could not be cleared away: its environment ends with its time. */
function overOf({ ending }: Progress): Partial<Progress["state"]> {
  const endReason = ending?.reason ?? "server_error";
  return { status: endingOf(endReason).status, endReason, error: ending?.error ?? null, completedAt: Date.now() };
}
