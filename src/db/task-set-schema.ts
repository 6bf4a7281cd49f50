import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organizations } from "./schema.ts";

const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });

/** Curated lists of registry tasks, one row per name; which tasks they are its versions say. */
export const taskSets = sqliteTable(
  "task_sets",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    name: text("name").notNull(),
    description: text("description"),
    tags: text("tags", { mode: "json" }).$type<string[]>().notNull(),
    isPublic: integer("is_public", { mode: "boolean" }).notNull(),
    /** The number of the last version, from 1. */
    latestVersion: integer("latest_version").notNull(),
    createdBy: text("created_by"),
    createdAt: timestamp("created_at").notNull(),
    updatedAt: timestamp("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("task_sets_organization_name").on(table.organizationId, table.name),
    // Begins with is_public, so that "own or public" is two index searches.
    index("task_sets_public")
      .on(table.isPublic, table.name)
      .where(sql`is_public = 1`),
  ],
);

/** What a set held at a time; never changed. */
export const taskSetVersions = sqliteTable(
  "task_set_versions",
  {
    id: text("id").primaryKey(),
    setId: text("set_id")
      .notNull()
      .references(() => taskSets.id),
    version: integer("version").notNull(),
    /** `org/name`, with `@version` where the version is fixed, in the order of the set. */
    tasks: text("tasks", { mode: "json" }).$type<string[]>().notNull(),
    taskCount: integer("task_count").notNull(),
    createdBy: text("created_by"),
    createdAt: timestamp("created_at").notNull(),
  },
  (table) => [uniqueIndex("task_set_versions_version").on(table.setId, table.version)],
);
