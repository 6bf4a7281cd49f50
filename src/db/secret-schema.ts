import { integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organizations } from "./schema.ts";

const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });

/** Values that environments get as variables, and that nobody reads back. */
export const secrets = sqliteTable(
  "secrets",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    /** The variable that holds the value. */
    name: text("name").notNull(),
    description: text("description"),
    /** The value, encrypted: environments need it back (src/auth/sealed-text.ts). */
    sealedValue: text("sealed_value").notNull(),
    /** Bytes of the value. */
    size: integer("size").notNull(),
    createdBy: text("created_by"),
    createdAt: timestamp("created_at").notNull(),
    updatedAt: timestamp("updated_at").notNull(),
    /** When the value was given to an environment last. */
    lastUsedAt: timestamp("last_used_at"),
  },
  (table) => [uniqueIndex("secrets_name").on(table.organizationId, table.name)],
);
