import { type Column, type SQL, sql } from "drizzle-orm";

/**
 * Bytes of long texts that a page of a list reads from D1, besides those of one row: a page of a hundred rows of a
 * megabyte each would be held several times over by everyone who asks for it. The page ends early, with `next` from there.
 */
export const PAGE_MAX_BYTES = 4 * 1024 * 1024;

/** The bytes of a row's long columns; SQLite knows them without reading the texts. */
function bytesOf(columns: readonly Column[]): SQL {
  const each = columns.map((column) => sql`coalesce(octet_length(${column}), 0)`);
  return sql.join(each, sql` + `);
}

/** The bytes of `columns` in all rows before this one, in the order of the page; 0 for the first. */
export function bytesBefore(columns: readonly Column[], order: readonly SQL[]): SQL<number> {
  const window = sql`ORDER BY ${sql.join([...order], sql`, `)} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING`;
  return sql<number>`coalesce(sum(${bytesOf(columns)}) OVER (${window}), 0)`;
}

/** Bytes of a long column that a row of a page-numbered list carries; such a page has all its rows, and cannot end early. */
export const LISTED_MAX_BYTES = 20_000;

/** A column as lists of numbered pages have it: null where it is longer, since whoever wants it reads the one row. */
export function unlessLong<C extends Column>(column: C): SQL<C["_"]["data"] | null> {
  return sql`CASE WHEN octet_length(${column}) <= ${sql.raw(String(LISTED_MAX_BYTES))} THEN ${column} END`.mapWith(
    column,
  );
}
