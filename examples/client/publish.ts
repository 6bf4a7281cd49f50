/**
 * Publishes an archive of any size: `node publish.js task.zip NAME VERSION`. Started again after it was killed, it goes on with what
 * has not arrived: how far it is stands in `task.zip.upload`. The server and the key are in TASKYARD_URL and TASKYARD_API_KEY.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Taskyard, uploadArchive, type UploadState } from "taskyard/client";

const [, , archive = "", name = "", version = ""] = process.argv;
const yard = new Taskyard({
  url: process.env.TASKYARD_URL ?? "http://127.0.0.1:8787",
  apiKey: process.env.TASKYARD_API_KEY,
});

const hash = createHash("sha256");
for await (const piece of createReadStream(archive)) hash.update(piece);

const kept = `${archive}.upload`;
const state: UploadState | undefined = existsSync(kept) ? JSON.parse(readFileSync(kept, "utf8")) : undefined;
const task = await uploadArchive(yard, {
  path: { name, version },
  source: await openAsBlob(archive),
  sha256: hash.digest("hex"),
  concurrency: 1,
  state,
  onState: (begun) => writeFileSync(kept, JSON.stringify(begun)),
  onProgress: ({ sent, total }) => console.log(`${sent} of ${total} bytes`),
});
rmSync(kept, { force: true });
console.log(`Published ${task.name}@${task.version}, ${task.sha256}.`);
