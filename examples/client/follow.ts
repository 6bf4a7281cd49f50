/**
 * Follows a run to its end and prints each entry as a line of JSON: `node follow.js TASK_ID RUN_ID`. The server and the key are
 * in TASKYARD_URL and TASKYARD_API_KEY.
 */
import { followRun, Taskyard } from "taskyard/client";

const [, , task_id = "", run_id = ""] = process.argv;
const yard = new Taskyard({
  url: process.env.TASKYARD_URL ?? "http://127.0.0.1:8787",
  apiKey: process.env.TASKYARD_API_KEY,
});

const run = followRun(yard, {
  path: { task_id, run_id },
  onReconnect: (failures) => console.error(`The connection broke (${failures}), and is made again.`),
});
for await (const entry of run) console.log(JSON.stringify(entry));
console.error(`The run has ended. Its entries came by ${run.transport}.`);
