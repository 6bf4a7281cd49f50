/** The migrations of `migrations/`, as local servers apply them: all in one process, where wrangler starts one for each. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { parse } from "smol-toml";
import { z } from "zod";
import { PlainError, ROOT } from "./command.ts";

/** What drizzle-kit writes between the statements of a migration. */
const BREAKPOINT = "--> statement-breakpoint";

/** The table in which wrangler keeps what has been applied: either may go on where the other has ended. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

const configSchema = z.object({ d1_databases: z.array(z.object({ binding: z.string(), database_id: z.string() })) });

const appliedSchema = z.array(z.object({ name: z.string() }));

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Applies what the database does not have yet, each migration whole or not at all. */
export async function applyMigrations(database: Database, signal?: AbortSignal): Promise<void> {
  await database.prepare(APPLIED).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(appliedSchema.parse(results).map(({ name }) => name));
  const folder = path.join(ROOT, "migrations");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql") && !applied.has(name)).sort();
  for (const file of files) {
    signal?.throwIfAborted();
    const statements = (await readFile(path.join(folder, file), "utf8")).split(BREAKPOINT);
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(file),
    ]);
  }
}

/** Applies the migrations to the database that `wrangler dev --persist-to=<folder>` uses, while no server does. */
export async function migrateLocalDatabase(folder: string, signal: AbortSignal): Promise<void> {
  const config = configSchema.parse(parse(await readFile(path.join(ROOT, "wrangler.toml"), "utf8")));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "",
      // Where wrangler has its data in that folder.
      resourcePersistencePath: path.join(folder, "v3"),
      d1Databases: Object.fromEntries(config.d1_databases.map(({ binding, database_id }) => [binding, database_id])),
    }),
  );
  try {
    await applyMigrations(await miniflare.getD1Database("DB"), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new PlainError(`The local database could not be migrated:\n\n${String(error)}`);
  } finally {
    await miniflare.dispose();
  }
}
