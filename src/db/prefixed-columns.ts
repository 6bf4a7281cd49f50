import { getTableColumns, type InferSelectModel, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

/** A table's columns for `select`, under names of their own. */
export type PrefixedColumns<T extends SQLiteTable> = {
  [K in keyof InferSelectModel<T>]: SQL.Aliased<InferSelectModel<T>[K]>;
};

/**
 * All columns of a table under names that begin with `prefix`. In a batch D1 gives rows as objects, where two columns of
 * one name are one.
 */
export function prefixColumns<T extends SQLiteTable>(table: T, prefix: string): PrefixedColumns<T> {
  const columns = Object.entries(getTableColumns(table)).map(([key, column]) => [
    key,
    sql`${column}`.mapWith(column).as(`${prefix}_${column.name}`),
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of the table
  return Object.fromEntries(columns) as PrefixedColumns<T>;
}
