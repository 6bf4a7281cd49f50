import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep, type WorkflowStepConfig } from "cloudflare:workers";
import { readConfig } from "../../config.ts";
import { openPool } from "../../pool/pool-handle.ts";
import type { WorkEvent } from "../../pool/work.ts";
import type { RunRow } from "../model/run-view.ts";
import type { RunChange } from "../model/run-change.ts";
import { openRun } from "../access/run-handle.ts";
import { needsNoRunner, type RunReference, RUNNER_EVENT, type RunnerEvent, toRunWork } from "./run-work.ts";
import { LIVE_STATUSES } from "../model/run-status.ts";

/** What a step asks of D1 and objects passes within minutes where it fails. */
const STEP: WorkflowStepConfig = {
  retries: { limit: 10, delay: "2 seconds", backoff: "exponential" },
  timeout: "1 minute",
};

/** How often a run is given to a runner: once more after one was lost. */
const MAX_ATTEMPTS = 2;

/**
 * Takes a run from the queue to its end (agent-tasks 3.4): offers it to runners, waits for one to claim it and watches over
 * it until it is over. A lost runner's run is queued once more. What nobody claims, or takes too long, ends as failed.
 * A run that someone else drives, as clients with sandboxes of their own do, is let go.
 */
export class RunWorkflow extends WorkflowEntrypoint<Cloudflare.Env, RunReference> {
  override async run(event: WorkflowEvent<RunReference>, step: WorkflowStep): Promise<{ outcome: string }> {
    const reference = event.payload;
    let lost = "";
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const isQueued = await step.do(`queue ${attempt}`, STEP, () => this.#queue(reference, attempt));
      if (!isQueued) return { outcome: "let go" };
      const outcome = await this.#follow(step, reference, attempt);
      if (outcome.kind !== "lost") return { outcome: outcome.kind };
      lost = outcome.reason;
    }
    await step.do("lost twice", STEP, () => this.#fail(reference, `Its runner was lost, twice: ${lost}`));
    return { outcome: "lost" };
  }

  /** One attempt, from the queue to the end of it. */
  async #follow(
    step: WorkflowStep,
    reference: RunReference,
    attempt: number,
  ): Promise<WorkEvent | { kind: "given up" }> {
    const { RUN_QUEUE_MAX_SECONDS: queueSeconds, RUN_MAX_SECONDS: runSeconds } = readConfig(this.env);
    const claim = await this.#hear(step, reference, attempt, `claim ${attempt}`, queueSeconds);
    if (!claim) {
      await step.do(`unclaimed ${attempt}`, STEP, () => this.#giveUp(reference, attempt, queueSeconds));
      return { kind: "given up" };
    }
    // Over without a claim: it was cancelled, or a client took it into its own hands.
    if (claim.kind !== "claimed") return claim;
    const end = await this.#hear(step, reference, attempt, `end ${attempt}`, runSeconds, ["over", "lost"]);
    if (!end) {
      await step.do(`too long ${attempt}`, STEP, async () => {
        await this.#fail(reference, `The run took longer than ${runSeconds} seconds.`);
        await this.#withdraw(reference, attempt, "The run's time is up");
      });
      return { kind: "given up" };
    }
    if (end.kind === "over") {
      await step.do(`over ${attempt}`, STEP, () =>
        this.#fail(reference, "The runner ended without saying how the run went."),
      );
    }
    return end;
  }

  /** The next event of this attempt, of these kinds (it may come twice); undefined when none came in time. */
  async #hear(
    step: WorkflowStep,
    reference: RunReference,
    attempt: number,
    name: string,
    seconds: number,
    kinds: readonly WorkEvent["kind"][] = ["claimed", "over", "lost"],
  ): Promise<WorkEvent | undefined> {
    const { id } = toRunWork(reference, attempt);
    for (let number = 1; ; number += 1) {
      try {
        const { payload } = await step.waitForEvent<RunnerEvent>(`${name}.${number}`, {
          type: RUNNER_EVENT,
          timeout: seconds * 1000,
        });
        if (payload.workId === id && kinds.includes(payload.event.kind)) return payload.event;
      } catch (error) {
        if (isTimeout(error)) return undefined;
        throw error;
      }
    }
  }

  /** Queues the run for runners; false when it is not to be done by one, or another instance does so. */
  async #queue(reference: RunReference, attempt: number): Promise<boolean> {
    const run = await this.#read(reference);
    if (!run || needsNoRunner(run, attempt)) return false;
    if (attempt > 1 && !(await this.#change(reference, { status: "queued" }))) return false;
    const standing = await openPool(this.env, reference.scope.organizationId).enqueue(toRunWork(reference, attempt));
    if (!standing) {
      await this.#fail(reference, "Too many runs and environments of this organization wait for a runner.");
      return false;
    }
    return standing.reference["instanceId"] === reference.instanceId;
  }

  /** Nobody came. Where there has never been a runner, clients drive their runs themselves: it stays as it is. */
  async #giveUp(reference: RunReference, attempt: number, seconds: number): Promise<void> {
    await this.#withdraw(reference, attempt, "The run waited for too long");
    const run = await this.#read(reference);
    const isWanted = run?.status === "queued" && !needsNoRunner(run, attempt);
    if (!isWanted || !(await openPool(this.env, reference.scope.organizationId).everUsed())) return;
    await this.#fail(reference, `No runner took the run within ${seconds} seconds.`);
  }

  async #withdraw(reference: RunReference, attempt: number, reason: string): Promise<void> {
    await openPool(this.env, reference.scope.organizationId).withdraw(toRunWork(reference, attempt).id, reason);
  }

  async #read({ runId, scope }: RunReference): Promise<RunRow | undefined> {
    const found = await openRun(this.env, runId).read(scope);
    return found.ok ? found.run : undefined;
  }

  /** Whether the run was changed, which one that has ended is not. */
  async #change({ runId, scope }: RunReference, change: RunChange): Promise<boolean> {
    const changed = await openRun(this.env, runId).change(scope, change, LIVE_STATUSES);
    return changed.ok && changed.applied;
  }

  async #fail(reference: RunReference, errorMessage: string): Promise<void> {
    await this.#change(reference, { status: "failed", errorMessage });
  }
}

/** The runtime has no class of its own for it. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && /time(d )?out/i.test(`${error.name} ${error.message}`);
}
