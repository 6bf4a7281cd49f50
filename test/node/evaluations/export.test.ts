import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBufferPromise } from "yauzl";
import { CSV_HEADER, type ExportedItem, toCsvLine, toJsonLine } from "../../../src/evaluations/export/exported-item.ts";
import { harborFolder, type Trial, type TrialFile } from "../../../src/evaluations/export/harbor-folder.ts";
import { type ZipFile, zipOf } from "../../../src/evaluations/export/zip-stream.ts";

const ITEM: ExportedItem = {
  evaluationId: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201",
  itemId: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be202",
  position: 3,
  taskRef: "acme/log-triage@1.2.0",
  taskName: "log-triage",
  attempt: 2,
  model: "example/model-1",
  status: "passed",
  endReason: "passed",
  reward: 1,
  rewards: { reward: 1, style: 0.5 },
  error: null,
  retryCount: 0,
  queuedAt: "2026-11-01T10:00:00.000Z",
  startedAt: "2026-11-01T10:00:01.000Z",
  agentFinishedAt: "2026-11-01T10:01:00.000Z",
  completedAt: "2026-11-01T10:01:02.000Z",
  provisionMs: 1500,
  agentMs: 50_000,
  verifyMs: 2000,
  usage: { inputTokens: 100, outputTokens: 20, cachedTokens: null, costUsd: 0.25 },
  runId: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be203",
  environmentId: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be204",
};

const COLUMNS =
  "evaluation_id,item_id,position,task_ref,task_name,attempt,model,item_status,end_reason,passed,reward,rewards,error," +
  "retry_count,queued_at,started_at,agent_finished_at,completed_at,provision_ms,agent_ms,verify_ms,input_tokens," +
  "output_tokens,cached_tokens,cost_usd,run_id,environment_id";

/** A reader of RFC 4180. */
function readCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y;
  while (cell.lastIndex < csv.length) {
    const [whole = "", value = "", end] = cell.exec(csv) ?? [];
    if (whole === "") throw new Error(`No cell in ${csv}`);
    rows.at(-1)?.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a line an item", () => {
  test("as JSON", () => {
    const line = toJsonLine(ITEM);
    expect(line).toMatch(/^\{.*\}\n$/);
    expect(Object.keys(JSON.parse(line)).join(",")).toBe(COLUMNS);
    expect(JSON.parse(line)).toMatchObject({
      item_status: "passed",
      passed: true,
      rewards: { style: 0.5 },
      error: null,
    });
    expect(JSON.parse(toJsonLine({ ...ITEM, status: "infra_error" }))).toMatchObject({ passed: null });
    expect(JSON.parse(toJsonLine({ ...ITEM, status: "timed_out", usage: null }))).toMatchObject({
      passed: false,
      input_tokens: null,
      cost_usd: null,
    });
  });

  test("as CSV, with what is unknown empty", () => {
    expect(CSV_HEADER).toBe(`${COLUMNS}\r\n`);
    expect(toCsvLine(ITEM)).toBe(
      `${ITEM.evaluationId},${ITEM.itemId},3,acme/log-triage@1.2.0,log-triage,2,example/model-1,passed,passed,true,1,` +
        `"{""reward"":1,""style"":0.5}",,0,2026-11-01T10:00:00.000Z,2026-11-01T10:00:01.000Z,2026-11-01T10:01:00.000Z,` +
        `2026-11-01T10:01:02.000Z,1500,50000,2000,100,20,,0.25,${ITEM.runId},${ITEM.environmentId}\r\n`,
    );
  });

  test("any text is one cell, and no cell of text is a formula", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", '"', ",", "a") }),
      fc.constantFrom('=HYPERLINK("https://evil.example","x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1"),
    );
    fc.assert(
      fc.property(hostile, hostile, (error, model) => {
        const [header = [], row = []] = readCsv(CSV_HEADER + toCsvLine({ ...ITEM, error, model }));
        expect(row).toHaveLength(header.length);
        for (const [column, value] of [
          ["error", error],
          ["model", model],
        ] as const) {
          const cell = row[header.indexOf(column)] ?? "";
          expect([value, `'${value}`]).toContain(cell);
          expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
        }
      }),
    );
    expect(toCsvLine({ ...ITEM, reward: -1 })).toContain(",-1,");
  });
});

const bytes = (text: string) => new TextEncoder().encode(text);
const sized = (text: string) => ({ size: bytes(text).length, body: new Blob([bytes(text)]).stream() });

async function* list<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

async function zipped(files: AsyncIterable<ZipFile>): Promise<Buffer> {
  return Buffer.from(await new Response(zipOf(files, 0)).arrayBuffer());
}

/** What another reader of zips finds in one; it checks what it reads, which is what `wanted` says. */
async function unzipped(zip: Buffer, wanted: (name: string) => boolean = () => true): Promise<Map<string, string>> {
  const file = await fromBufferPromise(zip, { strictFileNames: true });
  const found = new Map<string, string>();
  for await (const entry of file.eachEntry()) {
    const content = wanted(entry.fileName) ? await file.openReadStreamPromise(entry) : [];
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(new Uint8Array(piece));
    found.set(entry.fileName, Buffer.concat(pieces).toString());
  }
  return found;
}

describe("a zip that is written as its files come", () => {
  test("has every file, whatever it is read by", async () => {
    const content = fc.oneof(
      fc.string(),
      fc.string({ size: "large" }).map((text) => text.repeat(200)),
    );
    const file = fc.tuple(content, fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 12 }), async (files) => {
        const written = files.map(([text, streamed], index) => ({
          path: `ordner/dätei-${index}.txt`,
          content: streamed ? sized(text) : text,
        }));
        const found = await unzipped(await zipped(list(written)));
        expect([...found]).toEqual(files.map(([text], index) => [`ordner/dätei-${index}.txt`, bytesOf(text)]));
      }),
      { numRuns: 30 },
    );
  });

  test("of more than 65,535 files has them all", async () => {
    const files = Array.from({ length: 66_000 }, (_, index) => ({ path: `f${index}`, content: String(index) }));
    const found = await unzipped(await zipped(list(files)), (name) => name === "f65999");
    expect(found.size).toBe(66_000);
    expect(found.get("f65999")).toBe("65999");
  });

  test("holds pieces of a large file and not the file, and lets go of it when its reader leaves", async () => {
    let [made, cancelled] = [0, false];
    const piece = crypto.getRandomValues(new Uint8Array(64 * 1024));
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          made++;
          controller.enqueue(piece);
        },
        cancel: () => {
          cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const reader = zipOf(list([{ path: "large", content: { size: 1e12, body: endless } }]), 0).getReader();
    let read = 0;
    while (read < 20 * piece.length) read += (await reader.read()).value?.length ?? 0;
    expect(made - read / piece.length).toBeLessThan(10);
    await reader.cancel();
    await expect.poll(() => cancelled).toBe(true);
  });
});

/** Lone surrogates are no text that UTF-8 has. */
const bytesOf = (text: string) => Buffer.from(bytes(text)).toString();

const left = (at: string, text: string | null): TrialFile => ({
  path: at,
  open: async () => (text === null ? null : sized(text)),
});
const parse = (files: Map<string, string>, name: string): unknown => JSON.parse(files.get(name) ?? "null");

describe("Harbor's job folder", () => {
  const EVALUATION = {
    evaluationId: ITEM.evaluationId,
    name: "nightly",
    model: "example/model-1",
    attempts: 2,
    concurrency: 4,
    agent: { name: "codex", version: "1.0.0" },
    taskRefs: ["acme/log-triage@1.2.0"],
    startedAt: "2026-11-01T10:00:00.000Z",
    completedAt: "2026-11-01T10:02:00.000Z",
  };
  const written = async (trials: Trial[]) => unzipped(await zipped(harborFolder(EVALUATION, list(trials))));

  test("has a folder a trial, with what its agent and verifier have left", async () => {
    const files = await written([
      {
        item: ITEM,
        files: [left("agent/trajectory.json", "{}"), left("verifier/reward.txt", "1\n"), left("agent/gone", null)],
      },
      {
        item: {
          ...ITEM,
          position: 4,
          status: "infra_error",
          endReason: "image_failed",
          error: "No such image",
          reward: null,
          rewards: null,
        },
        files: [],
      },
    ]);
    expect([...files.keys()]).toEqual([
      "config.json",
      "log-triage__00003/config.json",
      "log-triage__00003/result.json",
      "log-triage__00003/agent/trajectory.json",
      "log-triage__00003/verifier/reward.txt",
      "log-triage__00004/config.json",
      "log-triage__00004/result.json",
      "result.json",
    ]);
    expect(parse(files, "config.json")).toMatchObject({
      job_name: "nightly",
      n_attempts: 2,
      n_concurrent_trials: 4,
      agents: [{ name: "codex", model_name: "example/model-1" }],
      tasks: [{ name: "acme/log-triage", ref: "1.2.0" }],
    });
    expect(parse(files, "log-triage__00003/result.json")).toMatchObject({
      task_name: "acme/log-triage",
      trial_name: "log-triage__00003",
      task_id: { org: "acme", name: "log-triage", ref: "1.2.0" },
      agent_info: { name: "codex", version: "1.0.0", model_info: { name: "model-1", provider: "example" } },
      agent_result: { n_input_tokens: 100, n_cache_tokens: null, n_output_tokens: 20, cost_usd: 0.25 },
      verifier_result: { rewards: { reward: 1, style: 0.5 } },
      exception_info: null,
      environment_setup: { started_at: "2026-11-01T10:00:01.000Z", finished_at: "2026-11-01T10:00:02.500Z" },
      agent_execution: { started_at: "2026-11-01T10:00:10.000Z", finished_at: "2026-11-01T10:01:00.000Z" },
      verifier: { started_at: "2026-11-01T10:01:00.000Z", finished_at: "2026-11-01T10:01:02.000Z" },
    });
    expect(parse(files, "log-triage__00004/result.json")).toMatchObject({
      verifier_result: null,
      exception_info: { exception_type: "EnvironmentError", exception_message: "image_failed: No such image" },
    });
    expect(parse(files, "result.json")).toMatchObject({
      n_total_trials: 2,
      stats: {
        n_trials: 2,
        n_errors: 1,
        evals: {
          "codex__example/model-1__nightly": {
            metrics: [{ mean: 1 }],
            reward_stats: { reward: { 1: ["log-triage__00003"] } },
            exception_stats: { EnvironmentError: ["log-triage__00004"] },
          },
        },
      },
    });
  });

  test.each([
    ["timed_out", "agent_timeout", "AgentTimeoutError"],
    ["cancelled", "user", "CancelledError"],
    ["infra_error", "verifier_no_reward", "RewardFileNotFoundError"],
    ["infra_error", "runner_lost", "EnvironmentError"],
  ] as const)("%s %s is a %s, and a reward stays", async (status, endReason, type) => {
    const files = await written([{ item: { ...ITEM, status, endReason }, files: [] }]);
    expect(parse(files, "log-triage__00003/result.json")).toMatchObject({
      verifier_result: { rewards: { reward: 1 } },
      exception_info: { exception_type: type, occurred_at: ITEM.completedAt },
    });
  });

  test("a path cannot leave its trial, nor take the place of another file", async () => {
    const paths = [
      "../../etc/passwd",
      "/abs",
      "a\\..\\b",
      "result.json",
      "agent/x",
      "agent/./x",
      "agent/\u0000",
      "..",
      "C:/x",
    ];
    const files = await written([{ item: ITEM, files: paths.map((at) => left(at, at)) }]);
    expect([...files.keys()].slice(3, -1).map((name) => name.replace("log-triage__00003/", ""))).toEqual([
      "etc/passwd",
      "abs",
      "a/b",
      "result.json.2",
      "agent/x",
      "agent/x.2",
      "agent/_",
      "file",
      "C_/x",
    ]);
    const { keys } = { keys: [...(await written([{ item: { ...ITEM, taskName: "../..//x y" }, files: [] }])).keys()] };
    expect(keys[1]).toBe("x_y__00003/config.json");
  });
});
