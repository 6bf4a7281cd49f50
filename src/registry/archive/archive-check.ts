import type { Config } from "../../config.ts";
import type { StoredProblem } from "../../db/schema.ts";
import { checkDirectory, type DirectoryVerdict } from "../../zip/check/check-directory.ts";
import { type CheckLimits, DEFAULT_CHECK_LIMITS } from "../../zip/check/check-limits.ts";
import type { Problem } from "../../zip/check/check-problems.ts";
import type { ZipSource } from "../../zip/read/source.ts";

/** The limits of this deployment. */
export function limitsOf(config: Config): CheckLimits {
  return {
    maxEntries: config.ARCHIVE_MAX_ENTRIES,
    maxDirectoryBytes: config.ARCHIVE_MAX_DIRECTORY_BYTES,
    maxTotalBytes: config.ARCHIVE_MAX_TOTAL_BYTES,
    maxEntryBytes: config.ARCHIVE_MAX_ENTRY_BYTES,
    maxRatio: config.ARCHIVE_MAX_RATIO,
    ratioFloorBytes: config.ARCHIVE_RATIO_FLOOR_BYTES,
    maxNameBytes: DEFAULT_CHECK_LIMITS.maxNameBytes,
  };
}

/** The check of an archive's structure, under the limits of this deployment: at most two reads. */
export function checkStructure(source: ZipSource, config: Config): Promise<DirectoryVerdict> {
  return checkDirectory(source, limitsOf(config));
}

/** What the archive check found, as the wire shows it: `loc` is `["archive", entry]`, `type` the reason. */
export function toStoredProblems(problems: readonly Problem[]): StoredProblem[] {
  return problems.map(({ entry, reason, message }) => ({
    loc: entry === null ? ["archive"] : ["archive", entry],
    msg: message,
    type: reason,
  }));
}
