/**
 * Solutions and flags in a task's archive (contract A5, "Leak risk"): paths that only writers of the owning organization
 * read. A path that ends with `/` stands for everything below it; letter case makes no difference.
 */

/** Withheld in every archive that has them, whatever task.yaml says. */
const ALWAYS_WITHHELD = ["solution.sh", "solution/"];

/** What of task.yaml decides which paths are withheld. */
export interface SecretMaterial {
  /** Path of the solution's script; undefined when there is none, or it is written out in task.yaml. */
  solutionPath: string | undefined;
  /** Whether task.yaml spells out a flag or a solution. */
  manifestHasSecrets: boolean;
}

/** The `withheld_paths` of a version: none for an archive that everybody may download whole. */
export function withheldPathsOf(
  { solutionPath, manifestHasSecrets }: SecretMaterial,
  hasAtRoot: (path: string) => boolean,
): string[] {
  const paths = new Set(ALWAYS_WITHHELD.filter(hasAtRoot));
  if (solutionPath !== undefined) paths.add(solutionPath);
  if (manifestHasSecrets) paths.add("task.yaml");
  return [...paths];
}

/** Whether `path` in the archive is one of `withheldPaths` or lies below one. */
export function isWithheld(withheldPaths: readonly string[], path: string): boolean {
  const folded = path.toLowerCase();
  return withheldPaths.some((withheld) => {
    const name = withheld.toLowerCase();
    return name.endsWith("/") ? folded.startsWith(name) : folded === name;
  });
}
