import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WakeLatch } from "../../src/objects/wake-latch.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function countRounds(work: () => Promise<void> = () => Promise.resolve(), tickMs: () => number = () => 25) {
  const rounds: number[] = [];
  const failures: unknown[] = [];
  const begin = Date.now();
  const latch = new WakeLatch(
    () => {
      rounds.push(Date.now() - begin);
      return work();
    },
    (error) => failures.push(error),
    tickMs,
  );
  return { latch, rounds, failures };
}

test("the first wake-up brings a round at once, those of a tick share the next", async () => {
  const { latch, rounds } = countRounds();
  for (let at = 0; at < 100; at += 1) {
    latch.wake();
    latch.wake();
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(rounds).toEqual([0, 25, 50, 75, 100]);
  latch.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(rounds).toEqual([0, 25, 50, 75, 100, 1100]);
});

test("each round says how long the next one waits", async () => {
  const ticks = [10, 0, 40];
  const { latch, rounds } = countRounds(undefined, () => ticks.shift() ?? 0);
  for (let at = 0; at < 60; at += 1) {
    latch.wake();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(rounds.slice(0, 4)).toEqual([0, 10, 10, 50]);
});

test("a round begins after what woke it is through", async () => {
  const { latch, rounds } = countRounds();
  latch.wake();
  expect(rounds).toEqual([]);
  await Promise.resolve();
  expect(rounds).toEqual([0]);
});

test("a clock that goes back delays nothing by more than a tick", async () => {
  const { latch, rounds } = countRounds();
  latch.wake();
  await vi.advanceTimersByTimeAsync(1);
  vi.setSystemTime(Date.now() - 3_600_000);
  latch.wake();
  await vi.advanceTimersByTimeAsync(25);
  expect(rounds).toHaveLength(2);
});

test("a round that fails is told of, and the next one comes", async () => {
  const { latch, rounds, failures } = countRounds(() => Promise.reject(new Error("no")));
  latch.wake();
  await vi.advanceTimersByTimeAsync(30);
  latch.wake();
  await vi.advanceTimersByTimeAsync(30);
  expect([rounds.length, failures.length]).toEqual([2, 2]);
});
