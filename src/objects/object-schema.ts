/**
 * The schema of a Durable Object's SQLite as append-only lists of steps, one list per part. Steps that are released
 * never change: a new one is appended, and objects of older versions catch up when they wake.
 */
export interface SchemaPart {
  name: string;
  steps: readonly string[];
}

const VERSIONS = "schema_versions";

/** Whether any schema was ever applied: what was never created must not be written to by looking at it. */
export function hasSchema(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", VERSIONS).toArray().length > 0;
}

/** Applies the steps that are missing. Call inside `transactionSync`. */
export function applySchema(sql: SqlStorage, parts: readonly SchemaPart[]): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS ${VERSIONS} (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID`);
  for (const { name, steps } of parts) {
    const [row] = sql.exec<{ version: number }>(`SELECT version FROM ${VERSIONS} WHERE part = ?`, name).toArray();
    const version = row?.version ?? 0;
    if (version === steps.length) continue;
    for (const step of steps.slice(version)) sql.exec(step);
    sql.exec(
      `INSERT INTO ${VERSIONS} (part, version) VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET version = excluded.version`,
      name,
      steps.length,
    );
  }
}
