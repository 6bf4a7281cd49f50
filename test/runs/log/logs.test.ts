import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { callConfigured } from "../../configured.ts";
import { call } from "../../tenant.ts";
import {
  createRunClient,
  expectNotFound,
  expectRefused,
  parseLines,
  read,
  textOf,
  type WireRun,
} from "../run-client.ts";

describe("append_log", () => {
  test("stores the bytes of the entries: order of keys, numbers, escapes", async () => {
    const { appendText, logs, onRun } = await createRunClient();
    const entries = [
      '{"b":1.0,"a":1e5,"10":"x","2":12345678901234567890,"\\u0061":"\\u00e9\\/","a":2}',
      '{"deep": {"z": [1, 2 , 3]},"text":"line\\nbreak ]}, \\" \\\\"}',
    ];
    const response = await appendText(`{"other": [1], "entries": [${entries.join(" ,\n ")}]}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ artifacts: [], log_url: expect.any(String) });
    expect(response.headers.get("Server-Timing")).toMatch(/^append;dur=\d+$/);
    expect(await logs()).toBe(`${entries.join("\n")}\n`);
    expect(await (await onRun("/session_logs/")).text()).toBe(`[${entries.join(",")}]`);
  });

  test("makes one line of an entry that is printed over several", async () => {
    const { appendText, logs } = await createRunClient();
    await appendText(JSON.stringify({ entries: [{ b: [1, { c: "x\ny" }], a: 2 }] }, null, "\t"));
    const text = await logs();
    expect(text.split("\n")).toHaveLength(2);
    expect(JSON.parse(text)).toEqual({ b: [1, { c: "x\ny" }], a: 2 });
  });

  test.each([
    [{}, "required", "entries"],
    [{ entries: null }, "null", "entries"],
    [{ entries: {} }, "not_a_list", "entries"],
    [{ entries: [{}, "x"] }, "not_a_dict", "entries__1"],
    [[], "invalid_input", null],
  ])("refuses %j, even for a run that is not there", async (json, code, attr) => {
    const { send, taskId } = await createRunClient();
    await expectRefused(send(`/${taskId}/runs/${uuid()}/append_log/`, { json }), code, attr);
  });

  test("refuses an empty batch in the contract's words", async () => {
    const { onRun } = await createRunClient();
    const refusal = /^At least one log entry is required$/;
    await expectRefused(onRun("/append_log/", { json: { entries: [] } }), "invalid_input", "entries", refusal);
  });

  test("refuses what is no JSON by its text or its type", async () => {
    const { appendText, logs } = await createRunClient();
    const malformed = await appendText('{"entries":[{}]');
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ type: "invalid_request", code: "parse_error", attr: null });
    const text = await appendText('{"entries":[{}]}', { "Content-Type": "text/plain" });
    expect(text.status).toBe(415);
    expect(await text.json()).toMatchObject({ type: "invalid_request", code: "unsupported_media_type" });
    expect(await logs()).toBe("");
  });

  test("takes more than other JSON bodies, up to its own limit", async () => {
    const { appendText, logs, adminKey, taskId, runId } = await createRunClient();
    const entry = JSON.stringify({ text: "x".repeat(400_000) });
    expect((await appendText(`{"entries":[${Array.from({ length: 10 }, () => entry).join(",")}]}`)).status).toBe(200);
    expect(await logs()).toHaveLength(10 * (entry.length + 1));
    const refused = await callConfigured(
      { RUN_LOG_BODY_MAX_BYTES: "1000" },
      `/api/projects/@current/tasks/${taskId}/runs/${runId}/append_log/`,
      {
        method: "POST",
        headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" },
        body: `{"entries":[${entry}]}`,
      },
    );
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ type: "invalid_request", code: "request_too_large", attr: null });
  });

  test("refuses one entry that no row can hold", async () => {
    const { appendText } = await createRunClient();
    const response = await appendText(`{"entries":[{},{"a":"${"x".repeat(1_900_000)}"}]}`);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ detail: "Log entry 1 is larger than 1900000 bytes." });
  });

  test("loses nothing of fifty that append at the same time, and keeps each batch together and in order", async () => {
    const { append, logs } = await createRunClient();
    await Promise.all(
      Array.from({ length: 50 }, (_, writer) =>
        append(...Array.from({ length: 20 }, (_, index) => ({ id: `${writer}-${index}` }))),
      ),
    );
    const ids = parseLines(await logs()).map(({ id }) => String(id));
    expect(ids).toHaveLength(1000);
    expect(new Set(ids).size).toBe(1000);
    for (let batch = 0; batch < 50; batch += 1) {
      const [writer] = ids[batch * 20]?.split("-") ?? [];
      const expected = Array.from({ length: 20 }, (_, index) => `${writer}-${index}`);
      expect(ids.slice(batch * 20, batch * 20 + 20)).toEqual(expected);
    }
  });

  test("goes on after the run has ended, and does not change it", async () => {
    const { append, patch, readRun, logs } = await createRunClient();
    const { updated_at } = await patch({ status: "completed" });
    await append({ late: true });
    expect(await logs()).toBe('{"late":true}\n');
    expect((await readRun()).updated_at).toBe(updated_at);
  });

  test("is 404 for an unknown run", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/append_log/`, { json: { entries: [{}] } }));
  });
});

describe("logs", () => {
  test("are JSON lines that nobody keeps, empty at first", async () => {
    const { onRun, append } = await createRunClient();
    const empty = await onRun("/logs");
    expect(empty.status).toBe(200);
    expect(empty.headers.get("Content-Type")).toBe("application/jsonl");
    expect(empty.headers.get("Cache-Control")).toBe("no-cache");
    expect(empty.headers.get("Server-Timing")).toMatch(/^read;dur=\d+$/);
    expect(await textOf(empty)).toBe("");
    await append({ a: 1 }, { b: 2 });
    expect(await textOf(onRun("/logs/"))).toBe('{"a":1}\n{"b":2}\n');
  });

  test("begin with those of the runs that it resumes, oldest first, ten at most", async () => {
    const { send, taskId } = await createRunClient();
    const resume = async (from: string | undefined, index: number) => {
      const json = from === undefined ? {} : { state: { resume_from_run_id: from } };
      const { id } = await read<WireRun>(send(`/${taskId}/runs/`, { json }), 201);
      await read(send(`/${taskId}/runs/${id}/append_log/`, { json: { entries: [{ index }] } }));
      return id;
    };
    let id: string | undefined;
    for (let index = 0; index < 13; index += 1) id = await resume(id, index);
    const text = await textOf(send(`/${taskId}/runs/${id}/logs`));
    expect(text).toBe(Array.from({ length: 11 }, (_, index) => `{"index":${index + 2}}\n`).join(""));
  });

  test("do not follow a run of another task, one that is not there, or a circle", async () => {
    const { send, createTask, runId, append, patch, logs } = await createRunClient();
    const task = await createTask();
    const { id: foreign } = await read<WireRun>(send(`/${task.id}/runs/`, { json: {} }), 201);
    await read(send(`/${task.id}/runs/${foreign}/append_log/`, { json: { entries: [{ foreign }] } }));
    await append({ own: 1 });
    for (const from of [foreign, uuid(), "no-uuid", runId, 7]) {
      await patch({ state: { resume_from_run_id: from } });
      expect(await logs()).toBe('{"own":1}\n');
    }
  });

  test("are 404 for an unknown run", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/logs`));
  });
});

describe("log_url", () => {
  test("leads to the bytes of logs without a key", async () => {
    const { append, logs, readRun } = await createRunClient();
    await append({ a: 1 });
    const url = new URL((await readRun()).log_url ?? "");
    const response = await call(url.pathname + url.search);
    expect(response.headers.get("Content-Type")).toBe("application/jsonl");
    expect(await textOf(response)).toBe(await logs());
  });

  test("opens nothing else, and nothing when it is changed or too old", async () => {
    const { readRun, send, taskId } = await createRunClient();
    const { id: otherId } = await read<WireRun>(send(`/${taskId}/runs/`, { json: {} }), 201);
    const run = await readRun();
    const url = new URL(run.log_url ?? "");
    const changed = new URL(url);
    changed.searchParams.set("expires", String(Number(url.searchParams.get("expires")) + 60));
    for (const path of [
      url.pathname,
      url.pathname.replace(run.id, otherId) + url.search,
      `${url.pathname}${url.search}&more=1`,
      changed.pathname + changed.search,
    ]) {
      const response = await call(path);
      expect(response.status, path).toBe(403);
      expect(await response.json()).toMatchObject({ type: "authentication_error", code: "permission_denied" });
    }
  });
});
