/** The name under which loops take their steps; no user writes it. */
export const PACE_COMMAND = "__taskyard_step";

/** What the interpreter is told has passed its limit where we end a script: it says so, and nobody wants to know. */
export const END_SITE = "taskyard end";

/** Words of the interpreter that help no user, and ours for them. */
const REPLACED: readonly [RegExp, string][] = [
  [
    /command not available in browser environments\.[^\n]*/g,
    "not in the embedded sandbox; a runner has it (sandbox_provider: runner)",
  ],
  [/,? ?increase executionLimits\.\w+/g, "; the embedded sandbox has no more, a runner has no such limit"],
  [new RegExp(`^[^\\n]*${END_SITE}[^\\n]*\\n`, "gm"), ""],
  [/^[^\n]*execution exceeded execution deadline[^\n]*\n/gm, ""],
];

/** Standard error as users read it. */
export function readable(stderr: string): string {
  return REPLACED.reduce((text, [pattern, words]) => text.replace(pattern, words), stderr);
}
