import type { Work } from "./work-budget.ts";

/** Steps a character of JSON. */
const STEPS = 2;

/** A text that two values share exactly when JSON Schema calls them equal: keys in any order, 1 and 1.0 the same. */
export function canonicalText(value: unknown, work: Work): string {
  const text = JSON.stringify(value, (_, member: unknown) => sortKeys(member));
  work.spend(STEPS * text.length);
  return text;
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
