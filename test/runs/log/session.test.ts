import { expect, test } from "vitest";
import { createAgentClient, type WireTask } from "../../tasks/client.ts";
import { call } from "../../tenant.ts";
import { read, textOf, type WireRun } from "../run-client.ts";

test("a whole session, as an agent client plays it", async () => {
  const { send, adminKey } = await createAgentClient();

  const task = await read<WireTask>(
    send("/", { json: { title: "Fix login", description: "It is broken", repository: "Acme/Web" } }),
    201,
  );
  expect(task.latest_run).toBeNull();
  const created = await read<WireRun>(
    send(`/${task.id}/runs/`, {
      json: { environment: "local", status: "not_started", state: { mode: "interactive" } },
    }),
    201,
  );
  const run = `/${task.id}/runs/${created.id}`;
  const states = [created];
  const patch = async (json: object) => {
    states.push(await read<WireRun>(send(`${run}/`, { method: "PATCH", json })));
  };

  await patch({ status: "in_progress", branch: "fix/login" });
  const sent: string[] = [];
  for (let batch = 0; batch < 20; batch += 1) {
    // Written out by hand: key order and numbers that a serialiser would not give.
    const entries = Array.from(
      { length: 15 },
      (_, index) =>
        `{"type":"notification","timestamp":"2026-11-01T10:${String(batch).padStart(2, "0")}:${String(index).padStart(2, "0")}.000Z",` +
        `"notification":{"method":"session/update","params":{"update":{"zeta":1.0,"sessionUpdate":"${index % 3 === 0 ? "tool_call" : "agent_message"}","10":1e3,"2":"\\u00e9"}},"jsonrpc":"2.0"}}`,
    );
    const response = await call(`/api/projects/@current/tasks${run}/append_log/`, {
      method: "POST",
      headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" },
      body: `{"entries":[${entries.join(",")}]}`,
    });
    expect(response.status).toBe(200);
    await response.body?.cancel();
    sent.push(...entries);
    if (batch % 5 === 0) await patch({ state: { token_usage: { input: batch } }, stage: `batch ${batch}` });
  }
  const uploaded = await read<{ artifacts: { name: string }[] }>(
    send(`${run}/artifacts/`, {
      json: {
        artifacts: [
          { name: "plan.md", type: "plan", content: "# Plan", content_type: "text/markdown" },
          { name: "tree.tgz", type: "tree_snapshot", content: "AAEC", content_encoding: "base64" },
        ],
      },
    }),
  );
  await read(send(`${run}/set_output/`, { method: "PATCH", json: { output: { pr_url: "https://example.com/1" } } }));
  await patch({ output: { commit: "abc" }, status: "completed", state_remove_keys: ["mode"] });

  const done = await read<WireRun>(send(`${run}/`));
  expect(done).toMatchObject({
    status: "completed",
    branch: "fix/login",
    stage: "batch 15",
    output: { pr_url: "https://example.com/1", commit: "abc" },
    state: { token_usage: { input: 15 } },
    completed_at: done.updated_at,
  });
  expect(done.artifacts).toEqual(uploaded.artifacts);
  expect(done.artifacts.map(({ name }) => name)).toEqual(["plan.md", "tree.tgz"]);
  const times = states.map(({ updated_at }) => updated_at);
  expect(times).toEqual([...new Set(times)].sort());
  const { latest_run } = await read<WireTask>(send(`/${task.id}/`));
  expect({ ...latest_run, log_url: "" }).toEqual({ ...done, log_url: "" });

  const log = `${sent.join("\n")}\n`;
  expect(await textOf(send(`${run}/logs`))).toBe(log);
  const { pathname, search } = new URL(done.log_url ?? "");
  expect(await textOf(call(pathname + search))).toBe(log);

  const pages: string[] = [];
  let received = 0;
  for (let more = "true"; more === "true";) {
    const page = await send(`${run}/session_logs/?limit=64&offset=${received}`);
    more = page.headers.get("X-Has-More") ?? "";
    received += Number(page.headers.get("X-Filtered-Count"));
    pages.push((await textOf(page)).slice(1, -1));
  }
  expect(pages).toHaveLength(5);
  expect(pages.join(",")).toBe(sent.join(","));
  const tools = await send(`${run}/session_logs/?event_types=tool_call&after=2026-11-01T10:09:59Z&limit=5000`);
  expect(tools.headers.get("X-Total-Count")).toBe("300");
  expect(await tools.json()).toHaveLength(50);
});
