/**
 * `npm run bench:evaluations [-- --items 1000 --concurrency 20]`: an evaluation whose agent does nothing, in the embedded
 * sandbox of one workerd: what an item costs around what it is for. Data goes to a temporary folder that is removed at the
 * end; everything listens on 127.0.0.1.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { zipSync } from "fflate";
import { z } from "zod";
import { callApi, jsonOf } from "../../scripts/api-client.ts";
import { PlainError, runCommand } from "../../scripts/command.ts";
import { findPort } from "../measure/free-port.ts";
import { Inspector } from "../measure/inspector.ts";
import { formatNumber, formatTable } from "../measure/table.ts";
import { startWorkers } from "../requests/workers.ts";

const { values } = parseArgs({
  options: { items: { type: "string", default: "1000" }, concurrency: { type: "string", default: "20" } },
});
const items = Number(values.items);
const concurrency = Number(values.concurrency);

/** Attempts at each row of the dataset. */
const ATTEMPTS = 10;
/** Functions that are named with the CPU time that goes there. */
const TOP = 12;
/** Milliseconds between two looks at whether it has ended. */
const LOOK_MS = 500;

const created = z.object({ api_key: z.object({ key: z.string() }) });
const job = z.object({ id: z.string(), status: z.string(), failed_count: z.int(), duration_ms: z.int().nullable() });

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A task that nobody passes who does nothing. */
function archive(): Uint8Array<ArrayBuffer> {
  const manifest = {
    name: "nothing",
    version: "1.0.0",
    instruction: "Write the answer to /tmp/answer.",
    description: "A task for the benchmark.",
    source: "bench",
    solution: { script: "solution.sh" },
    verification: { method: "script", script: "verify.sh" },
  };
  return new Uint8Array(
    zipSync({
      "task.yaml": text(JSON.stringify(manifest)),
      "verify.sh": text("test -f /tmp/answer\n"),
      "solution.sh": text("echo 42 > /tmp/answer\n"),
    }),
  );
}

await runCommand(async (signal) => {
  if (!(items >= ATTEMPTS && concurrency >= 1 && concurrency <= 100)) {
    throw new PlainError(`--items is a number from ${ATTEMPTS}, --concurrency one from 1 to 100.`);
  }
  const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-evaluations-"));
  try {
    await measure(folder, signal);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function measure(folder: string, signal: AbortSignal): Promise<void> {
  const workers = await startWorkers(folder, await findPort());
  try {
    const access = { baseUrl: workers.ours.origin, key: workers.bootstrapSecret, signal };
    const owner = { username: "bench", email: "bench@example.com" };
    const json = { key: "bench", name: "Bench", owner };
    const made = await callApi(access, { method: "POST", path: "/api/v1/organizations", json, expect: 201 });
    const own = { ...access, key: created.parse(jsonOf(made)).api_key.key };
    const version = "/api/v1/org/bench/tasks/nothing/versions/1.0.0";
    await callApi(own, { method: "PUT", path: version, bytes: archive(), expect: 201 });
    // The first items find nothing kept in memory.
    await evaluate(own, ATTEMPTS * 2, signal);
    const started = performance.now();
    await evaluate(own, items, signal);
    const seconds = (performance.now() - started) / 1000;
    const inspector = await Inspector.connect(workers.inspectorPort, "taskyard");
    const profiled = Math.min(items, 200);
    const { total, functions } = await inspector.profile(() => evaluate(own, profiled, signal));
    inspector.close();
    console.log(
      `Node ${process.version}, ${availableParallelism()} cores; ${items} items that do nothing, ${concurrency} at once, embedded sandbox\n`,
    );
    const rows = [
      ["items a second", formatNumber(items / seconds)],
      ["ms an item by the clock, one after the other", formatNumber((seconds * 1000) / items)],
      ["ms of CPU in JavaScript an item, its environment, run and verification in it", formatNumber(total / profiled)],
    ];
    console.log(formatTable(["", ""], rows));
    const sorted = [...functions].filter(([name]) => !name.startsWith("(")).toSorted(([, a], [, b]) => b - a);
    const top = sorted.slice(0, TOP).map(([name, time]) => [name, formatNumber(time / profiled)]);
    console.log(`\n${formatTable(["function", "ms an item"], top)}`);
  } finally {
    await workers.stop();
  }
}

/** Makes an evaluation of so many items, and waits for its end. */
async function evaluate(access: Parameters<typeof callApi>[0], count: number, signal: AbortSignal): Promise<void> {
  const path = "/api/v1/org/bench/ws/main/evaluation";
  const dataset = Array.from({ length: Math.ceil(count / ATTEMPTS) }, () => ({ task_name: "nothing" }));
  const json = { name: "bench", model: "none", agent: "nop", dataset, attempts: ATTEMPTS, concurrency };
  const { id } = job.parse(jsonOf(await callApi(access, { method: "POST", path, json, expect: 201 })));
  for (;;) {
    signal.throwIfAborted();
    const seen = job.parse(jsonOf(await callApi(access, { method: "GET", path: `${path}/${id}`, expect: 200 })));
    if (seen.status === "completed") {
      if (seen.failed_count !== dataset.length * ATTEMPTS)
        throw new PlainError(`Items ended otherwise: ${JSON.stringify(seen)}`);
      return;
    }
    if (seen.status !== "running") throw new PlainError(`The evaluation is ${seen.status}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
