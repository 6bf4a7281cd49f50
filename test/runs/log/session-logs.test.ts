import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { createRunClient, expectNotFound, expectRefused, type RunClient } from "../run-client.ts";

interface PageOfEntries {
  entries: Record<string, unknown>[];
  total: string | null;
  filtered: string | null;
  matching: string | null;
  more: string | null;
  bytes: number;
}

async function page(onRun: RunClient["onRun"], query: Record<string, string | number> = {}): Promise<PageOfEntries> {
  const parameters = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  const response = await onRun(`/session_logs/?${parameters.toString()}`);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  expect(response.headers.get("Cache-Control")).toBe("no-cache");
  expect(response.headers.get("Server-Timing")).toMatch(/^read;dur=/);
  const header = (name: string) => response.headers.get(name);
  return {
    entries: JSON.parse(text),
    total: header("X-Total-Count"),
    filtered: header("X-Filtered-Count"),
    matching: header("X-Matching-Count"),
    more: header("X-Has-More"),
    bytes: text.length,
  };
}

const notification = (id: number, timestamp: string | undefined, method: string, params: object = {}) => ({
  type: "notification",
  ...(timestamp !== undefined && { timestamp }),
  notification: { jsonrpc: "2.0", method, params: { ...params, id } },
});
const update = (id: number, timestamp: string, sessionUpdate: string) =>
  notification(id, timestamp, "session/update", { update: { sessionUpdate } });

const SESSION = [
  update(0, "2026-11-01T10:00:00.000Z", "user_message"),
  update(1, "2026-11-01T10:00:01.000Z", "agent_message"),
  notification(2, "2026-11-01T10:00:01.000500Z", "_posthog/console"),
  update(3, "2026-11-01T12:00:02+02:00", "tool_call"),
  notification(4, undefined, "_posthog/console"),
  notification(5, "yesterday", "_posthog/run_started"),
  { some: "thing", id: 6 },
];

const ids = ({ entries }: PageOfEntries) =>
  entries.map((entry) => {
    const { notification: inner } = entry as { notification?: { params: { id: number } } };
    return inner?.params.id ?? entry["id"];
  });

describe("session_logs", () => {
  test("of a run without a log is an empty list", async () => {
    const { onRun } = await createRunClient();
    expect(await page(onRun)).toMatchObject({ entries: [], total: "0", filtered: "0", matching: "0", more: "false" });
  });

  test("gives the entries as they were sent, oldest first", async () => {
    const { onRun, append } = await createRunClient();
    await append(...SESSION);
    const found = await page(onRun);
    expect(found.entries).toEqual(SESSION);
    expect(found).toMatchObject({ total: "7", filtered: "7", matching: "7", more: "false" });
  });

  test.each([
    [{ event_types: "agent_message, tool_call" }, [1, 3]],
    [{ event_types: "_posthog/console" }, [2, 4]],
    [{ event_types: "session/update" }, []],
    [{ exclude_types: "_posthog/console,user_message" }, [1, 3, 5, 6]],
    [{ event_types: "agent_message,tool_call", exclude_types: "tool_call" }, [1]],
    [{ event_types: " , " }, [0, 1, 2, 3, 4, 5, 6]],
    [{ after: "2026-11-01T10:00:00Z" }, [1, 2, 3]],
    [{ after: "2026-11-01T10:00:01.000Z" }, [2, 3]],
    [{ after: "2026-11-01T10:00:01.0004" }, [2, 3]],
    [{ after: "2026-11-01T12:00:01.0005+02:00" }, [3]],
    [{ after: "2026-11-01T12:00:02+0200" }, []],
    [{ after: "2026-11-01" }, [0, 1, 2, 3]],
    [{ after: "2026-11-01T10:00:00Z", exclude_types: "tool_call" }, [1, 2]],
  ])("filters by %j", async (query, expected) => {
    const { onRun, append } = await createRunClient();
    await append(...SESSION.slice(0, 4));
    await append(...SESSION.slice(4));
    const found = await page(onRun, query);
    expect(ids(found)).toEqual(expected);
    expect(found).toMatchObject({ total: "7", filtered: String(expected.length), matching: String(expected.length) });
  });

  test("pages what matches: offset counts after filtering", async () => {
    const { onRun, append } = await createRunClient();
    for (let batch = 0; batch < 5; batch += 1) {
      await append(
        ...[0, 1].flatMap((odd) =>
          [0, 1].map((n) => notification(batch * 4 + odd * 2 + n, "2026-11-01T10:00:00Z", odd ? "odd" : "even")),
        ),
      );
    }
    const first = await page(onRun, { event_types: "odd", limit: 4 });
    expect(ids(first)).toEqual([2, 3, 6, 7]);
    expect(first).toMatchObject({ total: "20", filtered: "4", matching: "10", more: "true" });
    const last = await page(onRun, { event_types: "odd", limit: 4, offset: 8 });
    expect(ids(last)).toEqual([18, 19]);
    expect(last).toMatchObject({ filtered: "2", matching: "10", more: "false" });
    expect(await page(onRun, { offset: 19 })).toMatchObject({ filtered: "1", more: "false" });
    expect(await page(onRun, { offset: 20 })).toMatchObject({
      entries: [],
      filtered: "0",
      matching: "20",
      more: "false",
    });
    expect(await page(onRun, { offset: 1000, event_types: "odd" })).toMatchObject({ entries: [], more: "false" });
  });

  test.each([[{}], [{ exclude_types: "none" }]])("pages 10,000 entries to what logs has, filter %j", async (filter) => {
    const { onRun, append, logs } = await createRunClient();
    for (let batch = 0; batch < 20; batch += 1) {
      await append(
        ...Array.from({ length: 500 }, (_, index) => ({ b: "x".repeat(index % 50), a: batch * 500 + index })),
      );
    }
    const collected: string[] = [];
    for (let more = "true"; more === "true";) {
      const response = await onRun(
        `/session_logs/?${new URLSearchParams({ ...filter, limit: "777", offset: String(collected.length) }).toString()}`,
      );
      const text = await response.text();
      const count = Number(response.headers.get("X-Filtered-Count"));
      expect(count).toBeGreaterThan(0);
      const entries: object[] = JSON.parse(text);
      collected.push(...entries.map((entry) => JSON.stringify(entry)));
      more = response.headers.get("X-Has-More") ?? "";
    }
    expect(collected).toHaveLength(10_000);
    expect(`${collected.join("\n")}\n`).toBe(await logs());
  });

  test.each([[{}], [{ exclude_types: "none" }]])(
    "ends a page before 2 MiB, but not before one entry, filter %j",
    async (filter) => {
      const { onRun, append } = await createRunClient();
      const sizes = [900_000, 900_000, 900_000, 10, 1_899_000, 1_899_000, 10];
      for (const [index, size] of sizes.entries()) await append({ id: index, text: "x".repeat(size) });
      const pages: unknown[][] = [];
      for (let offset = 0, more = "true"; more === "true"; offset += pages.at(-1)?.length ?? 0) {
        const found = await page(onRun, { ...filter, offset });
        expect(found.bytes).toBeLessThanOrEqual(2 * 1024 * 1024);
        pages.push(ids(found));
        more = found.more ?? "";
      }
      expect(pages).toEqual([[0, 1], [2, 3], [4], [5, 6]]);
    },
  );

  test.each([
    [{ limit: "0" }, "min_value", "limit"],
    [{ limit: "5001" }, "max_value", "limit"],
    [{ limit: "many" }, "invalid_input", "limit"],
    [{ offset: "-1" }, "min_value", "offset"],
    [{ after: "yesterday" }, "invalid_input", "after"],
    [{ after: "2026-13-01T00:00:00Z" }, "invalid_input", "after"],
  ])("refuses %j, even of a run that is not there", async (query, code, attr) => {
    const { send, taskId } = await createRunClient();
    await expectRefused(
      send(`/${taskId}/runs/${uuid()}/session_logs/?${new URLSearchParams(query).toString()}`),
      code,
      attr,
    );
  });

  test("is 404 for an unknown run", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/session_logs/`));
  });
});
