/**
 * `npm run bench:client [-- --megabytes 1024 --entries 100000 --rounds 3]`: what the typed client costs. An upload in parts beside a plain
 * loop that puts the same parts into R2 by a bare Worker, and following a run beside reading the bytes of its stream. Everything listens
 * on 127.0.0.1, with data in a temporary folder that is removed at the end.
 */
import { createHash, randomBytes } from "node:crypto";
import { openAsBlob } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import {
  abortTaskUpload,
  appendAgentRunLog,
  createAgentRun,
  createAgentTask,
  followRun,
  putTaskUploadPart,
  startTaskUpload,
  Taskyard,
  type TaskUpload,
  type Transport,
  updateAgentRun,
} from "../../src/client/index.ts";
import { sendParts } from "../../src/client/uploads/upload-parts.ts";
import { digest } from "../../src/client/uploads/digest.ts";
import { PlainError, runCommand } from "../../scripts/command.ts";
import { findPort } from "../measure/free-port.ts";
import { summarize } from "../measure/statistics.ts";
import { formatNumber, formatTable } from "../measure/table.ts";
import { bundleOurs, startTaskyard } from "../stream/systems.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1024" },
    entries: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
  },
});
const size = Number(values.megabytes) * 1_000_000;
const entries = Number(values.entries);
const rounds = Number(values.rounds);

const PART_BYTES = 16 * 1024 * 1024;
const APPENDED_AT_ONCE = 500;

/** Puts each body into R2 as it comes, and does nothing else. */
const BARE = `export default { async fetch(request, env) {
  await env.BUCKET.put(new URL(request.url).pathname, request.body);
  return new Response("put");
} };`;

await runCommand(async (signal) => {
  if (!(size > 0 && entries > 0 && rounds >= 1))
    throw new PlainError("--megabytes, --entries and --rounds are numbers from 1.");
  const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-client-"));
  try {
    const system = await startTaskyard(await bundleOurs(folder), join(folder, "ours"), signal);
    try {
      const { host, port, key } = system.target;
      const yard = new Taskyard({ url: `http://${host}:${port}`, apiKey: key });
      await measureUpload(yard, folder);
      await measureFollowing(yard);
    } finally {
      await system.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function measureUpload(yard: Taskyard, folder: string): Promise<void> {
  const file = join(folder, "archive");
  const handle = await open(file, "w");
  for (let at = 0; at < size; at += PART_BYTES) await handle.write(randomBytes(Math.min(PART_BYTES, size - at)));
  await handle.close();
  const blob = await openAsBlob(file);
  const port = await findPort();
  const bare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "bare",
          modules: true,
          script: BARE,
          compatibilityDate: "2026-10-20",
          r2Buckets: ["BUCKET"],
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
        },
      ],
      resourcePersistencePath: join(folder, "bare"),
    }),
  );
  await bare.ready;
  const loops: number[] = [];
  const uploads: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      loops.push(await timed(async () => await putInLoop(`http://127.0.0.1:${port}`, blob)));
      uploads.push(await timed(async () => await uploadInParts(yard, blob, round)));
    }
  } finally {
    await bare.dispose();
  }
  const rates = [loops, uploads].map((times) => summarize(times.map((seconds) => size / 1e6 / seconds)).median);
  const [loop = 0, upload = 0] = rates;
  console.log(`\n## ${formatNumber(size / 1e6)} MB in parts of 16 MiB, median of ${rounds} rounds\n`);
  const rows = [
    ["a loop of R2 puts", formatNumber(loop), "1"],
    ["the client's upload", formatNumber(upload), formatNumber(upload / loop)],
  ];
  console.log(formatTable(["", "MB a second", "of the loop (goal: 0.8)"], rows));
}

async function putInLoop(url: string, blob: Blob): Promise<void> {
  for (let at = 0, number = 1; at < blob.size; at += PART_BYTES, number += 1) {
    const body = await blob.slice(at, at + PART_BYTES).arrayBuffer();
    const response = await fetch(`${url}/${number}`, { method: "PUT", body });
    if ((await response.text()) !== "put") throw new Error("R2 took no part");
  }
}

/** What `uploadArchive` does with the parts, without the verification of the archive, which comes after it. */
async function uploadInParts(yard: Taskyard, blob: Blob, round: number): Promise<void> {
  const path = { name: "large", version: `1.0.${round}` };
  const upload = await startTaskUpload(yard, { path, body: { size: blob.size } });
  if (!isUpload(upload)) throw new Error("it is there already");
  const at = { ...path, upload_id: upload.id };
  await sendParts({ source: blob }, upload.part_size ?? PART_BYTES, async (number, read, signal) => {
    const body = await read();
    const sum = await digest(body);
    await putTaskUploadPart(yard, {
      path: { ...at, part_number: number },
      body,
      signal,
      ...(sum && { headers: sum.header }),
    });
  });
  await abortTaskUpload(yard, { path: at });
}

function isUpload(answer: object): answer is TaskUpload {
  return "received_bytes" in answer;
}

async function measureFollowing(yard: Taskyard): Promise<void> {
  const task = await createAgentTask(yard, { body: { title: "Followed" } });
  const run = await createAgentRun(yard, { path: { task_id: task.id }, body: {} });
  const path = { task_id: task.id, run_id: run.id };
  const text = createHash("sha256").update("entry").digest("hex").repeat(2);
  for (let at = 0; at < entries; at += APPENDED_AT_ONCE) {
    const batch = Array.from({ length: Math.min(APPENDED_AT_ONCE, entries - at) }, (_, index) => ({
      n: at + index,
      text,
    }));
    await appendAgentRunLog(yard, { path, body: { entries: batch } });
  }
  await updateAgentRun(yard, { path, body: { status: "completed" } });
  const raw: number[] = [];
  const times: Record<Transport, number[]> = { websocket: [], sse: [], "long-poll": [] };
  for (let round = 0; round < rounds; round += 1) {
    raw.push(await timed(async () => await readRaw(yard, path)));
    for (const [transport, list] of Object.entries(times)) {
      list.push(await timed(async () => await follow(yard, path, transport)));
    }
  }
  const rateOf = (list: number[]) => summarize(list.map((seconds) => entries / seconds)).median;
  console.log(`\n## ${formatNumber(entries)} entries of a run that has ended, median of ${rounds} rounds\n`);
  const rows = Object.entries({ "the bytes of its server-sent events": raw, ...times }).map(([name, list]) => [
    name,
    formatNumber(rateOf(list)),
    formatNumber(rateOf(list) / rateOf(raw)),
  ]);
  console.log(formatTable(["", "entries a second", "of the bytes (goal: 0.8)"], rows));
}

type RunPath = Parameters<typeof followRun>[1]["path"];

async function readRaw(yard: Taskyard, { task_id, run_id }: RunPath): Promise<void> {
  const url = `${yard.url}/api/projects/@current/tasks/${task_id}/runs/${run_id}/stream`;
  const headers = { Authorization: `Bearer ${await yard.apiKey()}` };
  const response = await fetch(url, { headers });
  let bytes = 0;
  for await (const piece of response.body ?? []) bytes += piece.byteLength;
  if (bytes < entries) throw new Error(`The stream had ${bytes} bytes`);
}

async function follow(yard: Taskyard, path: RunPath, transport: string): Promise<void> {
  let next = 0;
  const transports: Transport[] = [transport === "sse" || transport === "long-poll" ? transport : "websocket"];
  for await (const entry of followRun(yard, { path, transports })) {
    if (!("n" in entry)) continue;
    if (entry["n"] !== next) throw new Error(`Entry ${String(entry["n"])} came in place of ${next}`);
    next += 1;
  }
  if (next !== entries) throw new Error(`${next} entries came`);
}

/** Seconds that it took. */
async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
