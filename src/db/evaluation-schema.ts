import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { organizations, projects, workspaces } from "./schema.ts";

const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });

/** The projection of evaluations: their Durable Object owns them and writes these rows, which lists show. */
export const evaluations = sqliteTable(
  "evaluations",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id),
    name: text("name").notNull(),
    model: text("model").notNull(),
    status: text("status", { enum: ["pending", "running", "completed", "failed", "cancelled"] }).notNull(),
    /** The answer as a list shows it, without its analytics. */
    job: text("job", { mode: "json" }).$type<Record<string, unknown>>().notNull(),
    createdAt: timestamp("created_at").notNull(),
    /** Counts the object's changes: an older one never overwrites a newer one. */
    revision: integer("revision").notNull(),
  },
  (table) => [
    index("evaluations_workspace").on(table.organizationId, table.workspaceId, table.createdAt, table.id),
    index("evaluations_status").on(table.organizationId, table.workspaceId, table.status, table.createdAt, table.id),
  ],
);
