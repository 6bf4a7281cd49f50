import { Column, fillPlaceholders, getTableName, is, type Query, SQL } from "drizzle-orm";
import { DrizzleQueryError } from "drizzle-orm/errors";
import type { Database } from "./client.ts";

/**
 * Selects whose text does not vary. Drizzle takes half a millisecond of CPU to build one and looks at what kind of column
 * each value comes from, row by row: here both are done once per isolate. What varies stands in the builder as
 * `sql.placeholder(name)`; the rows are those that the builder itself would give.
 */

/** What the placeholders of a statement stand for, as the database stores it. */
export type Values = Readonly<Record<string, string | number | null>>;

/** A select of drizzle's builder. */
export interface Select<Row> {
  prepare: () => { all: (values?: Record<string, unknown>) => Promise<Row[]>; getQuery: () => Query };
}

/** What a prepared select of drizzle's holds and does not declare. */
interface PreparedFields {
  fields: readonly { path: string[]; field: Column | SQL | SQL.Aliased }[];
  joinsNotNullableMap?: Record<string, boolean>;
}

/** Where a column's value goes in a row's object, and how it is read. */
interface Place {
  /** The object in the row that it is part of, where it is not the row's own. */
  group: string | undefined;
  key: string;
  decoder: { mapFromDriverValue: (value: unknown) => unknown };
}

/** Objects of a row that are null where their first column is: those of a table that a left join did not find. */
interface Absence {
  name: string;
  column: number;
}

interface Built {
  sql: string;
  params: unknown[];
  places: readonly Place[];
  absences: readonly Absence[];
}

/** A statement with what it is run with. */
export interface Question<Row> {
  statement: Statement<Row>;
  values: Values;
}

/** A select that is built when it is first run, and then kept. */
export class Statement<Row> {
  readonly #build: (db: Database) => Select<Row>;
  #built: Built | undefined;

  constructor(build: (db: Database) => Select<Row>) {
    this.#build = build;
  }

  /** Runs it alone: one round trip. */
  async all(db: Database, values: Values): Promise<Row[]> {
    const bound = this.bind(db, values);
    try {
      return this.decode(await bound.raw());
    } catch (error) {
      throw toQueryError(this.#of(db).sql, error);
    }
  }

  /** The first row. */
  async first(db: Database, values: Values): Promise<Row | undefined> {
    const [row] = await this.all(db, values);
    return row;
  }

  with(values: Values): Question<Row> {
    return { statement: this, values };
  }

  bind(db: Database, values: Values): D1PreparedStatement {
    const { sql, params } = this.#of(db);
    return db.$client.prepare(sql).bind(...fillPlaceholders(params, values));
  }

  /** The rows of what a statement that was bound has brought, column by column. */
  decode(rows: readonly unknown[][]): Row[] {
    if (!this.#built) throw new Error("A statement's rows were read before it was run");
    const built = this.#built;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns are those of the select
    return rows.map((row) => decodeRow(built, row) as Row);
  }

  #of(db: Database): Built {
    this.#built ??= build(this.#build(db));
    return this.#built;
  }
}

type Answers<Questions extends readonly Question<unknown>[]> = {
  -readonly [K in keyof Questions]: Questions[K] extends Question<infer Row> ? Row[] : never;
};

/** Runs statements in one transaction and one round trip. Their columns need names that differ, as in every batch. */
export async function askTogether<const Questions extends readonly Question<unknown>[]>(
  db: Database,
  questions: Questions,
): Promise<Answers<Questions>> {
  const bound = questions.map(({ statement, values }) => statement.bind(db, values));
  const results = await db.$client.batch<object>(bound);
  const answers = questions.map(({ statement }, index) =>
    statement.decode((results[index]?.results ?? []).map((row) => Object.values(row))),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each statement has decoded its own rows
  return answers as Answers<Questions>;
}

function build(select: Select<unknown>): Built {
  const prepared = select.prepare();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked below for what would be another release's
  const { fields, joinsNotNullableMap = {} } = prepared as unknown as Partial<PreparedFields>;
  if (!fields) throw new TypeError("drizzle's prepared select has no fields");
  const { sql, params } = prepared.getQuery();
  const places = fields.map(({ path, field }) => {
    const [key = "", ...groups] = path.toReversed();
    if (groups.length > 1) throw new TypeError("a statement's rows have objects in objects");
    return { group: groups[0], key, decoder: decoderOf(field) };
  });
  const absences: Absence[] = [];
  for (const [column, { path, field }] of fields.entries()) {
    const [name = ""] = path;
    const isFirst = fields.findIndex((other) => other.path[0] === name) === column;
    if (!isFirst || path.length !== 2 || !is(field, Column)) continue;
    const table = getTableName(field.table);
    const isOfTable = fields.every(
      (other) => other.path[0] !== name || !is(other.field, Column) || getTableName(other.field.table) === table,
    );
    if (isOfTable && joinsNotNullableMap[table] === false) absences.push({ name, column });
  }
  return { sql, params, places, absences };
}

function decoderOf(field: Column | SQL | SQL.Aliased): Place["decoder"] {
  if (is(field, Column)) return field;
  const expression: object = is(field, SQL) ? field : field.sql;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- drizzle does not declare it
  const { decoder } = expression as Partial<Place>;
  if (!decoder) throw new TypeError("drizzle's expressions have no decoder");
  return decoder;
}

function decodeRow({ places, absences }: Built, values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [column, { group, key, decoder }] of places.entries()) {
    const value = values[column] ?? null;
    const decoded = value === null ? null : decoder.mapFromDriverValue(value);
    if (group === undefined) row[key] = decoded;
    else (groups[group] ??= {})[key] = decoded;
  }
  Object.assign(row, groups);
  for (const { name, column } of absences) if ((values[column] ?? null) === null) row[name] = null;
  return row;
}

function toQueryError(query: string, error: unknown): DrizzleQueryError {
  return new DrizzleQueryError(query, [], error instanceof Error ? error : new Error(String(error)));
}
