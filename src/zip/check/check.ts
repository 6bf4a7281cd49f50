import { checkContent } from "./check-content.ts";
import { checkDirectory } from "./check-directory.ts";
import type { CheckLimits } from "./check-limits.ts";
import type { Problem } from "./check-problems.ts";
import type { CheckedDirectory } from "./checked-directory.ts";
import type { DirectoryPlace } from "../read/locate.ts";
import type { ZipSource } from "../read/source.ts";

/** An archive that every reader reads alike, and that unpacks to what it says. */
export interface CheckedArchive {
  /** Entries, and those of them that are files. */
  readonly entries: number;
  readonly files: number;
  /** Where the directory lies, to be kept: listings then need no search. */
  readonly directory: DirectoryPlace;
  /** What the files unpack to, in bytes. */
  readonly totalBytes: number;
}

export type ArchiveVerdict =
  | { readonly ok: true; readonly archive: CheckedArchive }
  | { readonly ok: false; readonly problems: Problem[] };

/**
 * The upload check, whole: the directory, then the content. Refusals are values; errors of the source pass through.
 * Larger archives are checked in steps: `checkDirectory` once, then `checkContent` over slices of its entries.
 */
export async function checkArchive(source: ZipSource, limits: CheckLimits): Promise<ArchiveVerdict> {
  const verdict = await checkDirectory(source, limits);
  if (!verdict.ok) return verdict;
  const problems = await checkContent(source, verdict.directory);
  return problems.length === 0 ? { ok: true, archive: describeArchive(verdict.directory) } : { ok: false, problems };
}

/** What is worth keeping of an archive whose directory has passed. */
export function describeArchive(directory: CheckedDirectory): CheckedArchive {
  const { place, headerAt, files, totalBytes } = directory;
  return { entries: headerAt.length, files, directory: place, totalBytes };
}
