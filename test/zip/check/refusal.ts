import { expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { type ArchiveVerdict, checkArchive } from "../../../src/zip/check/check.ts";
import { type CheckLimits, DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";

/** An archive with one flaw, the same archive without it, and what the check must say of it. */
export interface Refusal {
  reason: string;
  /** How the flaw came about, where one reason has several tests. */
  by?: string;
  /** The entry that is named; null for the archive. */
  entry: string | null;
  flawed: Uint8Array;
  sound: Uint8Array;
  limits?: Partial<CheckLimits>;
}

export function check(bytes: Uint8Array, limits: Partial<CheckLimits> = {}): Promise<ArchiveVerdict> {
  return checkArchive(bytesSource(bytes), { ...DEFAULT_CHECK_LIMITS, ...limits });
}

/** A test named after the reason: refused for that reason only, and accepted without the flaw. */
export function itRefuses(refusals: readonly Refusal[]): void {
  for (const { reason, by, entry, flawed, sound, limits } of refusals) {
    it(`${reason}${by === undefined ? "" : `: ${by}`}`, async () => {
      expect(await check(sound, limits)).toMatchObject({ ok: true });
      const verdict = await check(flawed, limits);
      const problems = verdict.ok ? [] : verdict.problems.map((problem) => [problem.reason, problem.entry]);
      expect(problems).toEqual([[reason, entry]]);
    });
  }
}
