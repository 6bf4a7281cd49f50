/** A Worker that does what an operation cannot do without, and nothing else: one query, one call of an object, one append. */

import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";

export class Log extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }

  read() {
    return { ok: true };
  }

  /** The answer leaves once the row is on disk. */
  append(body) {
    this.ctx.storage.sql.exec("INSERT INTO entries (body) VALUES (?)", body);
    return { ok: true };
  }
}

const app = new Hono();
app.get("/query/:id", async (c) => {
  const query = c.env.DB.prepare("SELECT * FROM agent_tasks WHERE id = ?").bind(c.req.param("id"));
  return c.json(await query.first());
});
app.get("/object/:name", async (c) => c.json(await c.env.LOG.getByName(c.req.param("name")).read()));
app.post("/object/:name", async (c) => {
  const log = c.env.LOG.getByName(c.req.param("name"));
  return c.json(await log.append(await c.req.arrayBuffer()));
});

export default app;
