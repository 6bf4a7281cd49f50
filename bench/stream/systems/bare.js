/**
 * What the platform itself takes: an object that stores the body of a request as one row of SQLite, answers when it is on
 * disk, and hands the same bytes to whoever is connected. No key, no routes, no check of what comes, no cursors; what is sent
 * are the lines as they came, without frames. `POST /<name>` appends, `GET /<name>?after=first|latest` follows, and
 * `GET /<name>?log` reads all there is. Its objects are found by name and keep nothing but the rows.
 */

import { DurableObject } from "cloudflare:workers";

/** Bytes that are read from the rows before they are written to a reader. */
const CHUNK_BYTES = 256_000;

export class Log extends DurableObject {
  #readers = new Set();

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }

  /** The answer leaves once the row is on disk. */
  append(body) {
    this.ctx.storage.sql.exec("INSERT INTO entries (body) VALUES (?)", body);
    if (this.#readers.size > 0) this.ctx.waitUntil(this.#tell(new Uint8Array(body)));
  }

  async #tell(bytes) {
    await this.ctx.storage.sync();
    for (const writer of this.#readers) writer.write(bytes).catch(() => this.#readers.delete(writer));
  }

  fetch(request) {
    const { searchParams } = new URL(request.url);
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(this.#send(writable.getWriter(), searchParams).catch(() => undefined));
    return new Response(readable);
  }

  async #send(writer, asked) {
    if (asked.get("after") !== "latest") await this.#sendRows(writer);
    if (asked.has("log")) await writer.close();
    else this.#readers.add(writer);
  }

  async #sendRows(writer) {
    for (let after = 0, size = 1; size > 0;) {
      const bodies = [];
      size = 0;
      for (const { id, body } of this.ctx.storage.sql.exec(
        "SELECT id, body FROM entries WHERE id > ? ORDER BY id",
        after,
      )) {
        bodies.push(body);
        after = id;
        size += body.byteLength;
        if (size >= CHUNK_BYTES) break;
      }
      const chunk = new Uint8Array(size);
      let at = 0;
      for (const body of bodies) {
        chunk.set(new Uint8Array(body), at);
        at += body.byteLength;
      }
      if (size > 0) await writer.write(chunk);
    }
  }
}

export default {
  async fetch(request, env) {
    const log = env.LOG.getByName(new URL(request.url).pathname);
    if (request.method === "GET") return log.fetch(request);
    await log.append(await request.arrayBuffer());
    return new Response(null, { status: 204 });
  },
};
