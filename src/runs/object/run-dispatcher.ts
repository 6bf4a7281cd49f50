import { logBackgroundFailure } from "../../http/request-log.ts";
import type { Timers } from "../../objects/timers.ts";
import type { RunRow } from "../model/run-view.ts";
import type { RunTimer } from "./run-ending.ts";
import { nextAttempt } from "./run-projection.ts";
import { startRunWorkflow } from "../dispatch/run-work.ts";

/** Starts the Workflow of a run, again and again until that has worked: its caller has the answer already (3.4). */
export class RunDispatcher {
  readonly #env: Cloudflare.Env;
  readonly #timers: Timers<RunTimer>;

  constructor(env: Cloudflare.Env, timers: Timers<RunTimer>) {
    this.#env = env;
    this.#timers = timers;
  }

  /** Call it when the timer `dispatch` is due; then arm the timers. */
  async start(run: RunRow): Promise<void> {
    try {
      await startRunWorkflow(this.#env, run);
      this.#timers.clear("dispatch");
    } catch (error) {
      logBackgroundFailure("startRunWorkflow", error);
      this.#timers.set("dispatch", nextAttempt(run, Date.now()));
    }
  }
}
