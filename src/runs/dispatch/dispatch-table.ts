/**
 * How a run comes to a runner: the states that its object keeps, what may happen in each, and what is to be done then.
 * Pure; the run's object alone applies it (object/run-dispatch.ts), one event after the other.
 */

/** How often a run is given to a runner: once more after one was lost. */
export const MAX_ATTEMPTS = 2;

/**
 * - `idle`: not for runners: never started, driven by its client, or nobody does runs here.
 * - `queued`: the pool has the attempt, or is about to, and nobody has taken it.
 * - `leaving`: nobody took it in time; the pool is asked for it back.
 * - `held`: a runner has it.
 * - `finishing`: the run has ended, and its runner still has something to bring.
 * - `over`: nothing is left to do.
 */
export type DispatchState =
  | { phase: "idle" }
  | { phase: "queued" | "leaving" | "held" | "finishing" | "over"; attempt: number };

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

/** What is to be done. Those about the run itself are done with the change of state, the others until they have worked. */
export type DispatchEffect =
  | { kind: "enqueue"; attempt: number }
  | { kind: "withdraw"; attempt: number; reason: string }
  /** Take the attempt back and say so by `withdrawn`. */
  | { kind: "give_up"; attempt: number }
  /** The run fails, unless it has ended. */
  | { kind: "fail"; message: string }
  /** The run's state says which attempt a runner has. */
  | { kind: "number"; attempt: number }
  /** The run is queued again, and its log says why. */
  | { kind: "requeue"; attempt: number; reason: string };

export interface DispatchStep {
  state: DispatchState;
  effects: readonly DispatchEffect[];
}

/** Seconds that a run waits for a runner, and that a runner may have it: for the words of failures. */
export interface DispatchLimits {
  queueSeconds: number;
  runSeconds: number;
}

type Rule<P extends Phase, K extends DispatchEvent["kind"]> = (
  state: Extract<DispatchState, { phase: P }>,
  event: Extract<DispatchEvent, { kind: K }>,
  limits: DispatchLimits,
) => DispatchStep;

type Table = { readonly [P in Phase]: { readonly [K in DispatchEvent["kind"]]: Rule<P, K> } };

const stay = (state: DispatchState): DispatchStep => ({ state, effects: [] });

const over = (attempt: number, ...effects: DispatchEffect[]): DispatchStep => ({
  state: { phase: "over", attempt },
  effects,
});

const queue = (attempt: number, ...before: DispatchEffect[]): DispatchStep => ({
  state: { phase: "queued", attempt },
  effects: [...before, { kind: "enqueue", attempt }],
});

const hold = (attempt: number): DispatchStep => ({
  state: { phase: "held", attempt },
  effects: [{ kind: "number", attempt }],
});

/** The runner is gone: the next attempt, or the end where there is none. */
const lose = (
  { attempt }: { attempt: number },
  { reason, repeat }: Extract<DispatchEvent, { kind: "lost" }>,
): DispatchStep => {
  if (!repeat) return stay({ phase: "idle" });
  return attempt < MAX_ATTEMPTS
    ? queue(attempt + 1, { kind: "requeue", attempt: attempt + 1, reason })
    : over(attempt, { kind: "fail", message: `Its runner was lost, twice: ${reason}` });
};

const FULL = "Too many runs and environments of this organization wait for a runner.";
const SILENT = "The runner ended without saying how the run went.";
const NOT_GIVEN = "No runner was given the run: its task is gone.";

const TABLE: Table = {
  idle: {
    start: () => queue(1),
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
    admit: ({ attempt }) => hold(attempt),
    claimed: ({ attempt }) => hold(attempt),
    lost: lose,
    over: ({ attempt }) => over(attempt, { kind: "fail", message: NOT_GIVEN }),
    refused: ({ attempt }) => over(attempt, { kind: "fail", message: FULL }),
    time_up: ({ attempt }) => ({ state: { phase: "leaving", attempt }, effects: [{ kind: "give_up", attempt }] }),
    withdrawn: stay,
    ended: ({ attempt }) => over(attempt, { kind: "withdraw", attempt, reason: "The run has ended" }),
    taken_over: ({ attempt }) => ({
      state: { phase: "idle" },
      effects: [{ kind: "withdraw", attempt, reason: "A client drives the run" }],
    }),
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
    withdrawn: ({ attempt }, { hasRunners }, { queueSeconds }) =>
      hasRunners
        ? over(attempt, { kind: "fail", message: `No runner took the run within ${queueSeconds} seconds.` })
        : // Where there has never been a runner, clients drive their runs themselves: it stays as it is.
          stay({ phase: "idle" }),
    ended: ({ attempt }) => over(attempt),
    taken_over: () => stay({ phase: "idle" }),
  },
  held: {
    start: stay,
    // The pool could not tell the runner that was admitted before, and has another one.
    admit: stay,
    claimed: stay,
    lost: lose,
    over: ({ attempt }) => over(attempt, { kind: "fail", message: SILENT }),
    refused: stay,
    time_up: ({ attempt }, _event, { runSeconds }) =>
      over(
        attempt,
        { kind: "fail", message: `The run took longer than ${runSeconds} seconds.` },
        { kind: "withdraw", attempt, reason: "The run's time is up" },
      ),
    withdrawn: stay,
    ended: ({ attempt }) => stay({ phase: "finishing", attempt }),
    taken_over: stay,
  },
  // The runner sees the end too, stops the agent and brings its files.
  finishing: {
    start: stay,
    admit: stay,
    claimed: stay,
    lost: ({ attempt }) => over(attempt),
    over: ({ attempt }) => over(attempt),
    refused: stay,
    time_up: ({ attempt }) => over(attempt, { kind: "withdraw", attempt, reason: "The run's time is up" }),
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
  if ("attempt" in event && (!("attempt" in state) || event.attempt !== state.attempt)) return stay(state);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's type pairs each state with its rules
  const rule = TABLE[state.phase][event.kind] as (
    state: DispatchState,
    event: DispatchEvent,
    limits: DispatchLimits,
  ) => DispatchStep;
  return rule(state, event, limits);
}
