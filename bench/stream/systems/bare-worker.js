/**
 * What a Worker of Cloudflare cannot do without to keep a stream and hand it on, and nothing else: no keys, no check of what
 * comes, no numbers, no resuming. An append is one row of an object's SQLite, and its answer leaves when that is on disk;
 * subscribers get the very bytes of it as one server-sent event for each line.
 */

import { DurableObject } from "cloudflare:workers";

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

const frameOf = (text) => encoder.encode(`data: ${text.replaceAll("\n", "\n\ndata: ")}\n\n`);

export class Log extends DurableObject {
  #subscribers = new Set();

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS appends (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }

  async fetch(request) {
    if (request.method === "POST") return this.#append(await request.arrayBuffer());
    if (request.method === "DELETE") {
      await this.ctx.storage.deleteAll();
      return new Response(null, { status: 204 });
    }
    const { searchParams } = new URL(request.url);
    return searchParams.get("as") === "log" ? this.#log() : this.#follow(searchParams.get("from") === "first");
  }

  #append(body) {
    this.ctx.storage.sql.exec("INSERT INTO appends (body) VALUES (?)", body);
    if (this.#subscribers.size > 0) {
      const frame = frameOf(decoder.decode(body));
      for (const writer of this.#subscribers) writer.write(frame).catch(() => this.#subscribers.delete(writer));
    }
    return new Response(null);
  }

  #log() {
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(this.#write(writable.getWriter(), (text) => encoder.encode(`${text}\n`), true));
    return new Response(readable);
  }

  #follow(isFromFirst) {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    if (isFromFirst) this.ctx.waitUntil(this.#write(writer, frameOf, false));
    else this.#subscribers.add(writer);
    return new Response(readable, { headers: { "Content-Type": "text/event-stream" } });
  }

  /** Everything so far, in pieces of some 64 KiB; then the live end, or the end of the answer. */
  async #write(writer, format, isAll) {
    let parts = [];
    let size = 0;
    const flush = async () => {
      await writer.write(Buffer.concat(parts));
      [parts, size] = [[], 0];
    };
    const { last } = this.ctx.storage.sql.exec("SELECT max(id) AS last FROM appends").one();
    for (let id = 1; id <= last; id += 1) {
      const { body } = this.ctx.storage.sql.exec("SELECT body FROM appends WHERE id = ?", id).one();
      const part = format(decoder.decode(body));
      parts.push(part);
      size += part.byteLength;
      if (size >= 65_536) await flush();
    }
    if (size > 0) await flush();
    if (isAll) await writer.close();
    else this.#subscribers.add(writer);
  }
}

export default {
  fetch(request, env) {
    return env.LOG.getByName(new URL(request.url).pathname).fetch(request);
  },
};
