/** What the console is measured with, made through the API alone: a run with a long log, and a version with many files. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type ApiAccess, callApi, jsonOf } from "../../scripts/api-client.ts";
import { type SampleFile, taskFiles, writeArchive } from "../zip/archives.ts";

/** Entries of an append, about 1 MB, and appends at once. */
const BATCH = 5_000;
const AT_ONCE = 4;

const TASKS = "/api/projects/@current/tasks";
const withId = z.object({ id: z.string() });

/** Text that the log has in one entry of `RARE` of them. */
export const RARE_TEXT = "checksum mismatch";
const RARE = 10_000;
export const countRare = (entries: number): number => Math.ceil((entries - 1) / RARE);

const BEGUN = Date.UTC(2026, 10, 1, 9, 30);
/** Milliseconds between two entries. */
const STEP_MS = 40;

/** An entry as agents write them: mostly lines, every tenth a tool call, now and then a message, a warning, an error. */
function entryOf(at: number): object {
  const timestamp = new Date(BEGUN + at * STEP_MS).toISOString();
  const wrap = (method: string, params: object) => ({
    type: "notification",
    timestamp,
    notification: { jsonrpc: "2.0", method, params: { sessionId: "s-1", ...params } },
  });
  if (at % 100 === 50)
    return wrap("session/update", {
      update: {
        sessionUpdate: "agent_message",
        content: { type: "text", text: `Step **${at}** is done, see \`src/step-${at}.ts\`.` },
      },
    });
  if (at % 10 === 5)
    return wrap("session/update", {
      update: {
        sessionUpdate: "tool_call",
        toolCallId: `t${at}`,
        title: `Read src/file-${at}.ts`,
        kind: "read",
        status: "completed",
      },
    });
  if (at % RARE === 1) return wrap("_posthog/console", { level: "error", message: `${RARE_TEXT} in part ${at}` });
  const level = at % 500 === 7 ? "warn" : "info";
  return wrap("_posthog/console", { level, message: `\u001B[32m✔\u001B[0m part ${at}: compiled 12 modules in 8 ms` });
}

/** Makes a run whose log has `entries` entries and that has ended; answers its page's path. */
export async function makeRun(access: ApiAccess, entries: number): Promise<string> {
  const post = async (path: string, json: unknown, expect: number) =>
    withId.parse(jsonOf(await callApi(access, { method: "POST", path, json, expect })));
  const task = await post(TASKS, { title: "A long run", description: "A long run" }, 201);
  const run = await post(`${TASKS}/${task.id}/runs`, { status: "in_progress" }, 201);
  const path = `${TASKS}/${task.id}/runs/${run.id}`;
  let next = 0;
  const append = async () => {
    for (let from = next; from < entries; from = next) {
      next = Math.min(entries, from + BATCH);
      const batch = Array.from({ length: next - from }, (_, at) => entryOf(from + at));
      await post(`${path}/append_log`, { entries: batch }, 200);
    }
  };
  // Each takes the next batch: all entries are there in the end, in the order in which batches arrive.
  await Promise.all(Array.from({ length: AT_ONCE }, append));
  await callApi(access, { method: "PATCH", path, json: { status: "completed" }, expect: 200 });
  return `runs/${task.id}/${run.id}`;
}

const MANIFEST = "name: many\nversion: 1.0.0\ninstruction: Go\nverification:\n  method: script\n  script: verify.sh\n";

function* filesOf(count: number): Generator<SampleFile> {
  yield { name: "task.yaml", body: Buffer.from(MANIFEST), deflate: false };
  yield { name: "verify.sh", body: Buffer.from("#!/bin/sh\nexit 0\n"), deflate: false };
  yield* taskFiles(count - 2);
}

/** The folder that has all others of the version in it, and one of those. */
export const FOLDER = "dataset-v1";
export const INNER_FOLDER = "task-000100";

/** Publishes a version with `files` files: a folder with a folder for each four of them. Answers its page's path. */
export async function makeVersion(access: ApiAccess, org: string, files: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-console-"));
  try {
    const { path } = await writeArchive(join(folder, "many.zip"), filesOf(files));
    const bytes = new Uint8Array(await readFile(path));
    await callApi(access, {
      method: "PUT",
      path: `/api/v1/org/${org}/tasks/many/versions/1.0.0`,
      headers: { "Content-Type": "application/zip" },
      bytes,
      expect: 201,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
  return "tasks/registry/many";
}
