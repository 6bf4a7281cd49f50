import { z } from "zod";
import { readConfig } from "../../config.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import type { Timers } from "../../objects/timers.ts";
import { openPool, type PoolHandle } from "../../pool/pool-handle.ts";
import type { Work } from "../../pool/work.ts";
import {
  type DispatchEffect,
  type DispatchEvent,
  type DispatchState,
  nextDispatch,
  NOT_STARTED,
} from "../dispatch/dispatch-table.ts";
import { toRunWork } from "../dispatch/run-reference.ts";
import type { RunChange } from "../model/run-change.ts";
import type { RunRow } from "../model/run-view.ts";
import { isTerminal } from "../model/run-status.ts";
import type { RunTimer } from "./run-ending.ts";

/** The state of a run's dispatch, and what the pool has not been asked yet, in this order. */
export const DISPATCH_SCHEMA: SchemaPart = {
  name: "dispatch",
  steps: [
    "CREATE TABLE dispatch (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)",
    "CREATE TABLE dispatch_requests (number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL)",
  ],
};

const dispatchState = z.object({
  phase: z.literal(["idle", "queued", "leaving", "held", "finishing", "over"]),
  // Absent in what was stored before attempts went on counting when a run is started again.
  attempt: z.int().default(0),
  tries: z.int().optional(),
});

/** What the pool is asked. */
type PoolRequest = Extract<DispatchEffect, { kind: "enqueue" | "withdraw" | "give_up" }>;

/** What the run itself is to become. */
export type RunEffect = Exclude<DispatchEffect, PoolRequest>;

const poolRequest = z.custom<PoolRequest>((value) => value !== undefined);

/** The shortest and the longest wait before the pool is asked again, in milliseconds. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** What an effect makes of the run. */
export function toChange(effect: RunEffect): RunChange {
  switch (effect.kind) {
    case "fail":
      return { status: "failed", errorMessage: effect.message, state: { failure: effect.failure } };
    case "number":
      return { state: { attempt: effect.attempt } };
    case "requeue":
      return { status: "queued", stateRemoveKeys: ["failure"] };
    default:
      return effect satisfies never;
  }
}

/** Milliseconds in the queue after which the run's log says what it waits for. */
const WAITING_MS = 10_000;

/** Whether a client drives the run in a sandbox of its own. */
export function isDrivenByClient(run: RunRow): boolean {
  return run.state["sandbox_url"] !== undefined;
}

/**
 * Brings a run to a runner, by dispatch-table.ts: keeps its state, asks the pool until it has answered, and keeps the time
 * that the queue and the run may take. Everything is stored before it is done, so that nothing is forgotten with the object.
 */
export class RunDispatch {
  readonly #env: Cloudflare.Env;
  readonly #sql: SqlStorage;
  readonly #timers: Timers<RunTimer>;
  #failures = 0;

  constructor(storage: DurableObjectStorage, env: Cloudflare.Env, timers: Timers<RunTimer>) {
    this.#env = env;
    this.#sql = storage.sql;
    this.#timers = timers;
  }

  get state(): DispatchState {
    const [row] = this.#sql.exec<{ state: string }>("SELECT state FROM dispatch").toArray();
    if (!row) return NOT_STARTED;
    const stored = dispatchState.parse(JSON.parse(row.state));
    return { ...stored, tries: stored.tries ?? stored.attempt };
  }

  /** What a change of the run means for its dispatch. */
  eventsOf(run: RunRow): DispatchEvent[] {
    if (isTerminal(run.status)) return [{ kind: "ended" }];
    const isTaken = run.status !== "queued" && this.state.phase === "queued";
    return isTaken || isDrivenByClient(run) ? [{ kind: "taken_over" }] : [];
  }

  /**
   * Takes an event up, and returns what it means for the run itself. Call it in the transaction of the change, then arm
   * the timers.
   */
  take(event: DispatchEvent): RunEffect[] {
    const { RUN_QUEUE_MAX_SECONDS: queueSeconds, RUN_MAX_SECONDS: runSeconds } = readConfig(this.#env);
    const before = this.state;
    const { state, effects } = nextDispatch(before, event, { queueSeconds, runSeconds });
    if (state !== before) this.#save(state, { queueSeconds, runSeconds });
    return effects.filter((effect): effect is RunEffect => !this.#ask(effect));
  }

  #save(state: DispatchState, seconds: { queueSeconds: number; runSeconds: number }): void {
    this.#sql.exec("INSERT OR REPLACE INTO dispatch (id, state) VALUES (1, ?)", JSON.stringify(state));
    if (state.phase === "queued") {
      this.#timers.set("deadline", Date.now() + seconds.queueSeconds * 1000);
      this.#timers.set("waiting", Date.now() + WAITING_MS);
      return;
    }
    this.#timers.clear("waiting");
    if (state.phase === "held") this.#timers.set("deadline", Date.now() + seconds.runSeconds * 1000);
    else if (state.phase !== "finishing") this.#timers.clear("deadline");
  }

  /** Stores what the pool is to be asked. False for what is about the run. */
  #ask(effect: DispatchEffect): boolean {
    if (effect.kind !== "enqueue" && effect.kind !== "withdraw" && effect.kind !== "give_up") return false;
    this.#sql.exec("INSERT INTO dispatch_requests (request) VALUES (?)", JSON.stringify(effect));
    this.#timers.set("dispatch", Date.now());
    return true;
  }

  /**
   * Asks the pool what is due; `tell` takes up its answer. Each request is asked until it has worked, once or more often:
   * the pool knows work by its id. Call it when the timer `dispatch` is due; then arm the timers.
   */
  async askPool(run: RunRow, tell: (event: DispatchEvent) => Promise<void>): Promise<void> {
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        const answer = await this.#send(run, next.request);
        this.#sql.exec("DELETE FROM dispatch_requests WHERE number = ?", next.number);
        this.#failures = 0;
        if (answer) await tell(answer);
      }
      this.#timers.clear("dispatch");
    } catch (error) {
      logBackgroundFailure("askPool", error);
      this.#timers.set("dispatch", Date.now() + Math.min(RETRY_MIN_MS * 2 ** this.#failures, RETRY_MAX_MS));
      this.#failures += 1;
    }
  }

  /**
   * Queues an attempt that is wanted. One that is not any more, because a runner was faster than the pool's answer, is
   * taken back: the request that had no answer may have queued it again.
   */
  async #enqueue(pool: PoolHandle, work: Work, attempt: number): Promise<DispatchEvent | undefined> {
    if (this.#isWanted(attempt) && !(await pool.enqueue(work))) return { kind: "refused", attempt };
    if (!this.#isWanted(attempt)) await pool.withdraw(work.id, "The run is over");
    return undefined;
  }

  #isWanted(attempt: number): boolean {
    const { state } = this;
    return state.phase !== "idle" && state.phase !== "over" && state.attempt === attempt;
  }

  /** What the run waits for in the queue, in words; undefined where somebody has it. */
  async explainWait(run: RunRow): Promise<string | undefined> {
    const wait = (await openPool(this.#env, run.organizationId).waits([run.id]))[run.id];
    return wait && this.state.phase === "queued" ? `Waits for a runner. ${wait.detail}` : undefined;
  }

  #next(): { number: number; request: PoolRequest } | undefined {
    const [row] = this.#sql
      .exec<{ number: number; request: string }>("SELECT * FROM dispatch_requests ORDER BY number LIMIT 1")
      .toArray();
    return row && { number: row.number, request: poolRequest.parse(JSON.parse(row.request)) };
  }

  async #send(run: RunRow, request: PoolRequest): Promise<DispatchEvent | undefined> {
    const pool = openPool(this.#env, run.organizationId);
    const { attempt } = request;
    const work = toRunWork(run, attempt);
    switch (request.kind) {
      case "enqueue":
        return this.#enqueue(pool, work, attempt);
      case "withdraw":
        await pool.withdraw(work.id, request.reason);
        return undefined;
      case "give_up":
        await pool.withdraw(work.id, "The run waited for too long");
        return { kind: "withdrawn", attempt, hasRunners: await pool.everUsed() };
      default:
        return request satisfies never;
    }
  }
}
