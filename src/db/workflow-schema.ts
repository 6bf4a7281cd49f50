import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Who was given a link to a workflow file, and for whom the client says it was (workflow-files, `user_email`). */
export const fileAccesses = sqliteTable(
  "file_accesses",
  {
    number: integer("number").primaryKey({ autoIncrement: true }),
    organizationId: text("organization_id").notNull(),
    /** `task_files.number`; the file may be gone. */
    fileNumber: integer("file_number").notNull(),
    keyId: text("key_id").notNull(),
    userId: text("user_id").notNull(),
    /** As the client sent it; null when it named nobody. */
    userEmail: text("user_email"),
    createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
  },
  (table) => [
    index("file_accesses_file").on(table.organizationId, table.fileNumber, table.number),
    index("file_accesses_age").on(table.createdAt),
  ],
);
