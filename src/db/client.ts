import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import * as agentSchema from "./agent-schema.ts";
import * as evaluationSchema from "./evaluation-schema.ts";
import * as ociSchema from "./oci-schema.ts";
import * as platformSchema from "./schema.ts";
import * as streamSchema from "./stream-schema.ts";
import * as taskSetSchema from "./task-set-schema.ts";
import * as webhookSchema from "./webhook-schema.ts";
import * as workflowSchema from "./workflow-schema.ts";

const schema = {
  ...platformSchema,
  ...agentSchema,
  ...evaluationSchema,
  ...streamSchema,
  ...ociSchema,
  ...taskSetSchema,
  ...webhookSchema,
  ...workflowSchema,
};

export type Database = DrizzleD1Database<typeof schema> & { $client: D1Database };

const clients = new WeakMap<D1Database, Database>();

/** The drizzle client over the D1 binding. Made once for each: it works out all relations of the schema. */
export function connect(d1: D1Database): Database {
  const known = clients.get(d1);
  if (known) return known;
  const client = drizzle(d1, { schema });
  clients.set(d1, client);
  return client;
}
