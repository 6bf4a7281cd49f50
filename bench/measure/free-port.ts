import { once } from "node:events";
import { createServer } from "node:net";
import { z } from "zod";

const listening = z.object({ port: z.int() });

/** A port of 127.0.0.1 on which nothing listens. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = listening.parse(server.address());
  server.close();
  await once(server, "close");
  return port;
}
