/**
 * How a run comes to a runner: the states that its object keeps, what may happen in each, and what is to be done then.
 * Pure; the run's object alone applies it (object/run-dispatch.ts), one event after the other.
 */

/** How often a run that was started is given to a runner: once more after one was lost. */
export const MAX_TRIES = 2;

/**
 * - `idle`: not for runners: never started, driven by its client, or nobody does runs here.
 * - `queued`: the pool has the attempt, or is about to, and nobody has taken it.
 * - `leaving`: nobody took it in time; the pool is asked for it back.
 * - `held`: a runner has it.
 * - `finishing`: the run has ended, and its runner still has something to bring.
 * - `over`: nothing is left to do.
 */
export interface DispatchState {
  phase: "idle" | "queued" | "leaving" | "held" | "finishing" | "over";
  /** The number of the present attempt, of the last one where it is `idle`, and 0 before the first. None is used twice. */
  attempt: number;
  /** Which try this is since the run was started last, from 1. */
  tries: number;
}

/** Of a run that was never started. */
export const NOT_STARTED: DispatchState = { phase: "idle", attempt: 0, tries: 0 };

type Phase = DispatchState["phase"];

/** What happens to a run. What the pool says may come twice, and late. */
export type DispatchEvent =
  /** A client has started the run. */
  | { kind: "start" }
  /** A runner wants the attempt; the pool gives it only where this leads to `held`. */
  | { kind: "admit"; attempt: number }
  /** The runner has the attempt. */
  | { kind: "claimed"; attempt: number }
  /** Its runner has vanished, or has handed it back. `repeat`: whether another may have it, and not its client's sandbox. */
  | { kind: "lost"; attempt: number; reason: string; repeat: boolean }
  /** Its runner is through with it; or the pool had nobody to give it to, because it was not admitted. */
  | { kind: "over"; attempt: number }
  /** The pool has no room for it. */
  | { kind: "refused"; attempt: number }
  /** The queue's or the run's time is up. */
  | { kind: "time_up" }
  /** The pool has given the attempt back. `hasRunners`: whether a runner was ever connected. */
  | { kind: "withdrawn"; attempt: number; hasRunners: boolean }
  /** The run is completed, failed or cancelled. */
  | { kind: "ended" }
  /** A client drives the run: it has set its status, or has given it a sandbox of its own. */
  | { kind: "taken_over" };

/** How an attempt ended that another one follows: its runner was lost, or the run was started again. */
export type AttemptEnd = "lost" | "started_again";

/** What has failed where it was not the agent: its runner, the queue, or its time was up. */
export type DispatchFailure = "runner" | "queue" | "time";

/** What is to be done. Those about the run itself are done with the change of state, the others until they have worked. */
export type DispatchEffect =
  | { kind: "enqueue"; attempt: number }
  | { kind: "withdraw"; attempt: number; reason: string }
  /** Take the attempt back and say so by `withdrawn`. */
  | { kind: "give_up"; attempt: number }
  /** The run fails, unless it has ended. */
  | { kind: "fail"; message: string; failure: DispatchFailure }
  /** The run's state says which attempt a runner has. */
  | { kind: "number"; attempt: number }
  /** The run is queued for a further attempt, and its log says how the one before ended. */
  | { kind: "requeue"; attempt: number; end: AttemptEnd; reason: string };

export interface DispatchStep {
  state: DispatchState;
  effects: readonly DispatchEffect[];
}

/** Seconds that a run waits for a runner, and that a runner may have it: for the words of failures. */
export interface DispatchLimits {
  queueSeconds: number;
  runSeconds: number;
}

type Rule<K extends DispatchEvent["kind"]> = (
  state: DispatchState,
  event: Extract<DispatchEvent, { kind: K }>,
  limits: DispatchLimits,
) => DispatchStep;

type Table = { readonly [P in Phase]: { readonly [K in DispatchEvent["kind"]]: Rule<K> } };

const stay = (state: DispatchState): DispatchStep => ({ state, effects: [] });

const become = (phase: Phase, state: DispatchState, ...effects: DispatchEffect[]): DispatchStep => ({
  state: { ...state, phase },
  effects,
});

const over = (state: DispatchState, ...effects: DispatchEffect[]) => become("over", state, ...effects);
const hold = (state: DispatchState) => become("held", state, { kind: "number", attempt: state.attempt });

/** The next attempt; the first one has nothing before it. */
function queue({ attempt: last }: DispatchState, tries: number, end: AttemptEnd, reason: string): DispatchStep {
  const attempt = last + 1;
  return {
    state: { phase: "queued", attempt, tries },
    effects: [
      ...(last === 0 ? [] : [{ kind: "requeue", attempt, end, reason } as const]),
      { kind: "enqueue", attempt },
    ],
  };
}

/** The runner is gone: the next attempt, or the end where there is none. */
const lose: Rule<"lost"> = (state, { reason, repeat }) => {
  if (!repeat) return become("idle", state);
  return state.tries < MAX_TRIES
    ? queue(state, state.tries + 1, "lost", reason)
    : over(state, { kind: "fail", message: `Its runner was lost, twice: ${reason}`, failure: "runner" });
};

const FULL = "Too many runs and environments of this organization wait for a runner.";
const SILENT = "The runner ended without saying how the run went.";
const NOT_GIVEN = "No runner was given the run: its task is gone.";

const TABLE: Table = {
  idle: {
    start: (state) => queue(state, 1, "started_again", "The run was started again"),
    admit: stay,
    claimed: stay,
    lost: stay,
    over: stay,
    refused: stay,
    time_up: stay,
    withdrawn: stay,
    ended: stay,
    taken_over: stay,
  },
  queued: {
    // It is on its way already.
    start: stay,
    admit: hold,
    claimed: hold,
    lost: lose,
    over: (state) => over(state, { kind: "fail", message: NOT_GIVEN, failure: "queue" }),
    refused: (state) => over(state, { kind: "fail", message: FULL, failure: "queue" }),
    time_up: (state) => become("leaving", state, { kind: "give_up", attempt: state.attempt }),
    withdrawn: stay,
    ended: (state) => over(state, { kind: "withdraw", attempt: state.attempt, reason: "The run has ended" }),
    taken_over: (state) =>
      become("idle", state, { kind: "withdraw", attempt: state.attempt, reason: "A client drives the run" }),
  },
  leaving: {
    start: stay,
    // Its time was up before somebody came: the pool is being asked for it.
    admit: stay,
    claimed: stay,
    lost: stay,
    over: stay,
    refused: stay,
    time_up: stay,
    withdrawn: (state, { hasRunners }, { queueSeconds }) =>
      hasRunners
        ? over(state, {
            kind: "fail",
            message: `No runner took the run within ${queueSeconds} seconds.`,
            failure: "queue",
          })
        : // Where there has never been a runner, clients drive their runs themselves: it stays as it is.
          become("idle", state),
    ended: (state) => over(state),
    taken_over: (state) => become("idle", state),
  },
  held: {
    start: stay,
    // The pool could not tell the runner that was admitted before, and has another one.
    admit: stay,
    claimed: stay,
    lost: lose,
    over: (state) => over(state, { kind: "fail", message: SILENT, failure: "runner" }),
    refused: stay,
    time_up: (state, _event, { runSeconds }) =>
      over(
        state,
        { kind: "fail", message: `The run took longer than ${runSeconds} seconds.`, failure: "time" },
        { kind: "withdraw", attempt: state.attempt, reason: "The run's time is up" },
      ),
    withdrawn: stay,
    ended: (state) => become("finishing", state),
    taken_over: stay,
  },
  // The runner sees the end too, stops the agent and brings its files.
  finishing: {
    start: stay,
    admit: stay,
    claimed: stay,
    lost: (state) => over(state),
    over: (state) => over(state),
    refused: stay,
    time_up: (state) => over(state, { kind: "withdraw", attempt: state.attempt, reason: "The run's time is up" }),
    withdrawn: stay,
    ended: stay,
    taken_over: stay,
  },
  over: {
    start: stay,
    admit: stay,
    claimed: stay,
    lost: stay,
    over: stay,
    refused: stay,
    time_up: stay,
    withdrawn: stay,
    ended: stay,
    taken_over: stay,
  },
};

/** What follows when something happens. What is about another attempt than the present one changes nothing. */
export function nextDispatch(state: DispatchState, event: DispatchEvent, limits: DispatchLimits): DispatchStep {
  if ("attempt" in event && event.attempt !== state.attempt) return stay(state);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's type pairs each state with its rules
  const rule = TABLE[state.phase][event.kind] as (
    state: DispatchState,
    event: DispatchEvent,
    limits: DispatchLimits,
  ) => DispatchStep;
  return rule(state, event, limits);
}
