import { vi } from "vitest";

/** Tries until it does not fail: on a machine that does other things too that may take longer than a second. */
export function eventually<T>(attempt: () => T | Promise<T>, timeout = 10_000): Promise<T> {
  return vi.waitFor(attempt, { timeout });
}
