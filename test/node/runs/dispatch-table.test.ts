import { describe, expect, test } from "vitest";
import {
  type DispatchEffect,
  type DispatchEvent,
  type DispatchState,
  MAX_TRIES,
  nextDispatch,
  NOT_STARTED,
} from "../../../src/runs/dispatch/dispatch-table.ts";

const LIMITS = { queueSeconds: 3600, runSeconds: 21_600 };

type PoolRequest = Extract<DispatchEffect, { kind: "enqueue" | "withdraw" | "give_up" }>;

/** A run, its object's dispatch, the pool, and what is on its way between them. */
interface World {
  status: "queued" | "in_progress" | "ended";
  dispatch: DispatchState;
  /** What the pool has of the run, by attempt. */
  pool: Readonly<Record<number, "queued" | "held">>;
  requests: readonly PoolRequest[];
  inbox: readonly DispatchEvent[];
  /** The attempts that were begun, in their order. */
  begun: readonly number[];
  /** How often what is rare may still happen. */
  left: Readonly<Record<"start" | "cancel" | "takeOver" | "timeUp" | "lostAnswer" | "repeated" | "lostRunner", number>>;
}

const BEGINNING: World = {
  status: "queued",
  dispatch: NOT_STARTED,
  pool: {},
  requests: [],
  inbox: [],
  begun: [],
  left: { start: 2, cancel: 1, takeOver: 1, timeUp: 1, lostAnswer: 2, repeated: 2, lostRunner: 2 },
};

/** What the run's object does with an event, and with what follows from it. */
function take(world: World, event: DispatchEvent): World {
  const { state, effects } = nextDispatch(world.dispatch, event, LIMITS);
  let { status, begun } = world;
  const requests = [...world.requests];
  for (const effect of effects) {
    if (effect.kind === "fail") status = "ended";
    else if (effect.kind === "requeue") status = "queued";
    else if (effect.kind !== "number") requests.push(effect);
    if (effect.kind === "enqueue") begun = [...begun, effect.attempt];
  }
  return { ...world, dispatch: state, requests, status, begun };
}

/** A client's or an agent's change of the run. */
function change(world: World, status: World["status"]): World {
  const changed = { ...world, status };
  if (status === "ended") return take(changed, { kind: "ended" });
  return world.dispatch.phase === "queued" ? take(changed, { kind: "taken_over" }) : changed;
}

const without = (pool: World["pool"], attempt: number) =>
  Object.fromEntries(Object.entries(pool).filter(([key]) => Number(key) !== attempt));
const spend = (world: World, what: keyof World["left"]): World => ({
  ...world,
  left: { ...world.left, [what]: world.left[what] - 1 },
});

/** What the pool does with a request; its answer, where there is one. */
function carryOut(world: World, request: PoolRequest): { world: World; answer?: DispatchEvent } {
  const { attempt } = request;
  if (request.kind === "enqueue") {
    const { phase } = world.dispatch;
    const isWanted = phase !== "over" && phase !== "idle" && world.dispatch.attempt === attempt;
    if (!isWanted) return { world: { ...world, pool: without(world.pool, attempt) } };
    const isUntold = world.inbox.some((event) => "attempt" in event && event.attempt === attempt);
    if (world.pool[attempt] || isUntold) return { world };
    return { world: { ...world, pool: { ...world.pool, [attempt]: "queued" } } };
  }
  const withdrawn = { ...world, pool: without(world.pool, attempt) };
  if (request.kind === "withdraw") return { world: withdrawn };
  return { world: withdrawn, answer: { kind: "withdrawn", attempt, hasRunners: true } };
}

function* requestMoves(world: World): Generator<World> {
  const [request, ...requests] = world.requests;
  if (!request) return;
  const { world: done, answer } = carryOut(world, request);
  if (world.left.lostAnswer > 0) yield spend(done, "lostAnswer");
  const answered = { ...done, requests };
  yield answer ? take(answered, answer) : answered;
}

function* runnerMoves(world: World): Generator<World> {
  for (const [key, held] of Object.entries(world.pool)) {
    const attempt = Number(key);
    const tell = (next: World, event: DispatchEvent) => ({ ...next, inbox: [...next.inbox, event] });
    const gone = { ...world, pool: without(world.pool, attempt) };
    if (held === "queued") {
      const asked = take(world, { kind: "admit", attempt });
      const isAdmitted = asked.dispatch.phase === "held" && asked.dispatch.attempt === attempt;
      if (isAdmitted)
        yield tell({ ...asked, pool: { ...world.pool, [attempt]: "held" } }, { kind: "claimed", attempt });
      else yield tell(gone, { kind: "over", attempt });
    } else {
      if (world.status === "queued") yield change(world, "in_progress");
      if (world.status === "in_progress") yield change(world, "ended");
      yield tell(gone, { kind: "over", attempt });
      const repeat = true;
      const lost = { kind: "lost", attempt, reason: "gone", repeat } as const;
      if (world.left.lostRunner > 0) yield tell(spend(gone, "lostRunner"), lost);
    }
  }
}

function* clientMoves(world: World): Generator<World> {
  const { left, status, dispatch } = world;
  if (left.start > 0 && status === "queued") yield take(spend(world, "start"), { kind: "start" });
  if (left.cancel > 0 && status !== "ended") yield change(spend(world, "cancel"), "ended");
  if (left.takeOver > 0 && status === "queued" && dispatch.phase === "queued") {
    yield change(spend(world, "takeOver"), "in_progress");
  }
  // A client that drove the run gives it back; to start it is another step.
  if (status === "in_progress" && dispatch.phase === "idle") yield change(world, "queued");
}

/** Everything that may happen next. */
function* moves(world: World): Generator<World> {
  yield* requestMoves(world);
  yield* runnerMoves(world);
  yield* clientMoves(world);
  const [event, ...inbox] = world.inbox;
  if (event) {
    yield take({ ...world, inbox }, event);
    if (world.left.repeated > 0) yield take(spend(world, "repeated"), event);
  }
  const { phase } = world.dispatch;
  const hasDeadline = phase === "queued" || phase === "held" || phase === "finishing";
  if (hasDeadline && world.left.timeUp > 0) yield take(spend(world, "timeUp"), { kind: "time_up" });
}

/** What must hold at every moment, whatever has happened in whatever order; undefined where it does. */
function faultOf(world: World, before: World): string | undefined {
  const attempts = Object.keys(world.pool).map(Number);
  if (world.dispatch.tries > MAX_TRIES) return "one try too many";
  if (new Set(world.begun).size < world.begun.length) return "an attempt that is begun twice";
  if (before.status === "ended" && world.status !== "ended") return "a run that has ended goes on";
  const isUnanswered = (attempt: number) =>
    world.requests.some((request) => request.kind !== "enqueue" && request.attempt === attempt) ||
    world.inbox.some((event) => "attempt" in event && event.attempt === attempt);
  if (attempts.filter((attempt) => !isUnanswered(attempt)).length > 1) return "two attempts at once";
  if (world.requests.length > 0 || world.inbox.length > 0) return undefined;
  const isWatched = (attempt: number) =>
    world.dispatch.attempt === attempt && ["queued", "held", "finishing"].includes(world.dispatch.phase);
  if (!attempts.every(isWatched)) return "an attempt that nobody watches";
  const { phase } = world.dispatch;
  if ((phase === "queued" || phase === "held") && attempts.length === 0) return "a run that waits for nothing";
  if (phase === "leaving") return "a run that waits for an answer that nobody owes";
  if (phase === "over" && world.status !== "ended") return "a run that nobody ends";
  return undefined;
}

/** Every world that can be reached, with the way to the first one in which something is wrong. */
function explore(): { worlds: number; fault: string | undefined } {
  const seen = new Set<string>([JSON.stringify(BEGINNING)]);
  let edge: World[] = [BEGINNING];
  while (edge.length > 0) {
    const next: World[] = [];
    for (const world of edge) {
      for (const reached of moves(world)) {
        const fault = faultOf(reached, world);
        const text = JSON.stringify(reached);
        if (fault !== undefined) return { worlds: seen.size, fault: `${fault}: ${JSON.stringify(world)} -> ${text}` };
        if (seen.has(text)) continue;
        seen.add(text);
        next.push(reached);
      }
    }
    edge = next;
  }
  return { worlds: seen.size, fault: undefined };
}

describe("the dispatch of a run", () => {
  test("holds in every order of what clients, the pool and runners do, with answers lost and events repeated", () => {
    const { worlds, fault } = explore();
    expect(fault).toBeUndefined();
    // Fewer would mean that something can no longer happen that this test is for.
    expect(worlds).toBeGreaterThan(5_000);
  });

  test("ignores what is about another attempt than the present one", () => {
    const state = { phase: "held", attempt: 2, tries: 2 } as const;
    for (const event of [
      { kind: "admit", attempt: 1 },
      { kind: "claimed", attempt: 1 },
      { kind: "lost", attempt: 1, reason: "late", repeat: true },
      { kind: "over", attempt: 1 },
      { kind: "refused", attempt: 1 },
      { kind: "withdrawn", attempt: 1, hasRunners: true },
    ] as const) {
      expect(nextDispatch(state, event, LIMITS)).toEqual({ state, effects: [] });
    }
  });

  test("gives a run up that a client drives when its runner is lost", () => {
    const lost = { kind: "lost", attempt: 1, reason: "gone", repeat: false } as const;
    expect(nextDispatch({ phase: "held", attempt: 1, tries: 1 }, lost, LIMITS)).toEqual({
      state: { phase: "idle", attempt: 1, tries: 1 },
      effects: [],
    });
  });
});
