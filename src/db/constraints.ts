/** A constraint that a statement broke, as SQLite names it. */
export interface Violation {
  kind: "unique" | "not_null" | "foreign_key";
  /** `table.column` of each column in the constraint; empty for a foreign key, which SQLite does not name. */
  columns: string[];
}

const KINDS = { UNIQUE: "unique", "NOT NULL": "not_null", "FOREIGN KEY": "foreign_key" } as const;
const MESSAGE = /(UNIQUE|NOT NULL|FOREIGN KEY) constraint failed(?:: ([\w.]+(?:, [\w.]+)*))?/;

/**
 * What a failed statement or batch ran into, or undefined when it was no constraint. D1 tells it in the message only,
 * and drizzle wraps that error as a cause.
 */
export function violationOf(error: unknown): Violation | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const [, kind, columns] = MESSAGE.exec(cause.message) ?? [];
    if (kind === "UNIQUE" || kind === "NOT NULL" || kind === "FOREIGN KEY") {
      return { kind: KINDS[kind], columns: columns?.split(", ") ?? [] };
    }
  }
  return undefined;
}
