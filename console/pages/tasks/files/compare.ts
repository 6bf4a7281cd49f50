import type { Directory } from "./archive-directory.ts";

export interface Change {
  kind: "added" | "removed" | "changed";
  path: string;
  /** Bytes before and after; null where there is no such file. */
  before: number | null;
  after: number | null;
}

export interface Comparison {
  changes: Change[];
  /** Files that are the same in both. */
  same: number;
  isExact: boolean;
}

/** What became of the files between two versions, by path. */
export function compareDirectories(before: Directory, after: Directory): Comparison {
  const isExact = before.isExact && after.isExact;
  const changes: Change[] = [];
  let same = 0;
  for (const [path, mark] of before.files) {
    const now = after.files.get(path);
    if (!now) changes.push({ kind: "removed", path, before: mark.size, after: null });
    // Sums of two kinds say nothing: then sizes alone do.
    else if (now.size !== mark.size || (before.isExact === after.isExact && now.sum !== mark.sum))
      changes.push({ kind: "changed", path, before: mark.size, after: now.size });
    else same += 1;
  }
  for (const [path, { size }] of after.files) {
    if (!before.files.has(path)) changes.push({ kind: "added", path, before: null, after: size });
  }
  return { changes: changes.sort((one, other) => (one.path < other.path ? -1 : 1)), same, isExact };
}
