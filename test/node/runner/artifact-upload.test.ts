import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { ArtifactUpload } from "../../../src/runner/agent/upload-artifact.ts";
import { Server } from "../../../src/runner/connection/server.ts";

test("a batch of artifacts whose answer is lost is sent again with the same Idempotency-Key, the next one with its own", async () => {
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      keys.push(request.headers["idempotency-key"]);
      response.statusCode = keys.length === 1 ? 503 : 200;
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = await mkdtemp(path.join(tmpdir(), "taskyard-artifacts-"));
  try {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port");
    const place = path.join(folder, "a.txt");
    await writeFile(place, "left");
    const { signal } = new AbortController();
    const runs = () => new ArtifactUpload(new Server(`http://127.0.0.1:${address.port}`, "token"), "/run", signal);
    await runs().run([{ name: "a.txt", place, size: 4 }]);
    await runs().run([{ name: "a.txt", place, size: 4 }]);
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
  expect(keys).toHaveLength(3);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});
