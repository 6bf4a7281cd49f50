import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organizations } from "./schema.ts";

const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });

/** The durable streams of projects, for their lists: a copy of what their objects own. */
export const streams = sqliteTable(
  "streams",
  {
    /** Another one for each stream that is made under a name. */
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    projectNumber: integer("project_number").notNull(),
    name: text("name").notNull(),
    contentType: text("content_type").notNull(),
    ttlSeconds: integer("ttl_seconds"),
    expiresAt: timestamp("expires_at"),
    closed: integer("closed", { mode: "boolean" }).notNull(),
    createdAt: timestamp("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("streams_name").on(table.organizationId, table.projectNumber, table.name),
    index("streams_project").on(table.organizationId, table.projectNumber, table.createdAt, table.id),
  ],
);
