import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import * as agentSchema from "./agent-schema.ts";
import * as platformSchema from "./schema.ts";
import * as webhookSchema from "./webhook-schema.ts";
import * as workflowSchema from "./workflow-schema.ts";

const schema = { ...platformSchema, ...agentSchema, ...webhookSchema, ...workflowSchema };

export type Database = DrizzleD1Database<typeof schema>;

/** The drizzle client over the D1 binding. Cheap: made once per request. */
export function connect(d1: D1Database): Database {
  return drizzle(d1, { schema });
}
