import { z } from "zod";

/** `[environment.healthcheck]` of a task in Harbor's format (evaluations 3), as whoever runs it is told. Times in seconds. */
export const healthcheck = z.object({
  /** A line for the shell; exit code 0 says that the environment is healthy. */
  command: z.string(),
  /** Between two tries. */
  interval_sec: z.number(),
  /** Of one try. */
  timeout_sec: z.number(),
  /** From the first try on: a try that begins in it and fails does not count. */
  start_period_sec: z.number(),
  /** Between two tries that do not count. */
  start_interval_sec: z.number(),
  /** Failures in a row after which it has failed. */
  retries: z.int(),
});

export type Healthcheck = z.output<typeof healthcheck>;

/** Characters of what a command wrote that stand in the reason for its failure. */
const WORDS_LENGTH = 1_000;

/** How a command ended, with the last of what it wrote. */
export function withLastWords(ending: string, written: string): string {
  const words = written.trimEnd().slice(-WORDS_LENGTH);
  return words === "" ? ending : `${ending}: ${words}`;
}

/** Milliseconds between two tries at least: a check that fails at once is no loop that keeps a processor busy. */
const MIN_PAUSE_MS = 100;

/**
 * Asks until something is healthy; false when it is given up. `pauseAfter` is told of a failure, with the seconds from the
 * first question to the one that failed, and says how many seconds later the next one comes; undefined gives up. Rejects
 * when the signal is aborted.
 */
export async function untilHealthy(
  ask: () => Promise<boolean>,
  pauseAfter: (askedAt: number) => number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const begun = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const askedAt = (Date.now() - begun) / 1000;
    if (await ask()) return true;
    const pause = pauseAfter(askedAt);
    if (pause === undefined) return false;
    await wait(Math.max(pause * 1000, MIN_PAUSE_MS), signal);
  }
}

/**
 * Asks a task's healthcheck until it passes. `run` runs its command once, and says how it failed, or undefined. Returns why
 * the environment is not healthy, with what the last try said; undefined where it is.
 */
export async function checkHealth(
  { start_period_sec: grace, start_interval_sec: graceInterval, interval_sec: interval, retries }: Healthcheck,
  run: () => Promise<string | undefined>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  let fault: string | undefined;
  let failures = 0;
  const ask = async () => {
    const before = fault;
    fault = await run();
    if (fault !== undefined && fault !== before) log(`healthcheck: ${fault}`);
    return fault === undefined;
  };
  const pauseAfter = (askedAt: number) => {
    if (askedAt < grace) return graceInterval;
    failures += 1;
    return failures < retries ? interval : undefined;
  };
  if (await untilHealthy(ask, pauseAfter, signal)) {
    log("The healthcheck has passed.");
    return undefined;
  }
  return `The healthcheck has failed, ${retries === 1 ? "at one try" : `${retries} times in a row`}: its command ${fault}`;
}

async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}
