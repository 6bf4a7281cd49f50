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
/** What a list of tasks has to read: each task with its latest run and its creator, and how many there are. */
app.get("/list", async (c) => {
  const query = c.env.DB.prepare(
    `SELECT task.*, project.name AS project_name, user.*, run.*,
       (SELECT count(*) FROM agent_tasks WHERE project_number = project.number) AS total
     FROM agent_tasks AS task
     JOIN projects AS project ON project.number = task.project_number
     LEFT JOIN users AS user ON user.number = task.created_by
     LEFT JOIN agent_runs AS run
       ON run.id = (SELECT id FROM agent_runs WHERE task_id = task.id ORDER BY created_at DESC LIMIT 1)
     ORDER BY task.created_at DESC LIMIT 100`,
  );
  return c.json(await query.raw());
});
app.get("/object/:name", async (c) => c.json(await c.env.LOG.getByName(c.req.param("name")).read()));
app.post("/object/:name", async (c) => {
  const log = c.env.LOG.getByName(c.req.param("name"));
  return c.json(await log.append(await c.req.arrayBuffer()));
});

export default app;
