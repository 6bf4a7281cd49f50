import { expect, it } from "vitest";
import { quoteWords, readDuration, readPairs, readReference } from "../../../src/cli/base/words.ts";
import { EscapeKeys } from "../../../src/cli/env/escape-keys.ts";
import { EvaluationBoard } from "../../../src/cli/eval/evaluation-board.ts";
import { choosePaint } from "../../../src/cli/output/colours.ts";
import { linesOn } from "../../../src/cli/output/progress.ts";
import { safeLine, safeText, shorten } from "../../../src/cli/output/safe-text.ts";
import { renderFields, renderTable } from "../../../src/cli/output/table.ts";
import { formatBytes, formatClock, formatDuration } from "../../../src/cli/output/units.ts";
import { EntryView } from "../../../src/cli/run/entry-view.ts";

const plain = choosePaint({}, {});

it("colours on terminals, never with NO_COLOR, always with FORCE_COLOR", () => {
  const red = "\u001b[31mx\u001b[39m";
  expect(choosePaint({ isTTY: true }, { TERM: "xterm" })("red", "x")).toBe(red);
  expect(choosePaint({ isTTY: true }, { TERM: "xterm", NO_COLOR: "1" })("red", "x")).toBe("x");
  expect(choosePaint({ isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
  expect(choosePaint({ isTTY: false }, {})("red", "x")).toBe("x");
  expect(choosePaint({ isTTY: false }, { FORCE_COLOR: "1" })("red", "x")).toBe(red);
});

it("shows nothing of others that moves a cursor, sets a title or turns the text around", () => {
  expect(safeText("a\u001b[2Jb\u001b]0;title\u0007c\u0008d\r\ne\tf\u202Eg\u009b1m")).toBe("abcd\ne\tfg");
  expect(safeLine(" one\n\n two\t")).toBe("one two");
  expect(shorten("four", 4)).toBe("four");
  expect(shorten("fives", 4)).toBe("fiv…");
});

it("writes numbers as people read them", () => {
  expect([0, 999, 1_000, 999_950, 12_345_678, 5e12].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.0 MB",
    "12.3 MB",
    "5.0 TB",
  ]);
  expect([7, 725, 3_729].map(formatClock)).toEqual(["0:07", "12:05", "1:02:09"]);
  expect([640, 12_500, 59_960, 200_000, 7_500_000].map(formatDuration)).toEqual([
    "640 ms",
    "12.5 s",
    "1m 0s",
    "3m 20s",
    "2h 5m",
  ]);
});

it("puts tables into the width of the terminal, colours not counted", () => {
  const rows = [
    ["one", "a description that is long"],
    ["\u001b[31mthree\u001b[39m", "short"],
  ];
  expect(renderTable(["NAME", "WHAT"], rows)).toBe(
    "NAME    WHAT\none     a description that is long\n\u001b[31mthree\u001b[39m   short",
  );
  const narrow = renderTable(["NAME", "WHAT"], rows, { columns: 24 });
  expect(narrow.split("\n")[1]).toBe("one     a description t…");
  expect(
    renderFields([
      ["a", "1\n2"],
      ["long", "x"],
      ["none", null],
    ]),
  ).toBe("a      1\n       2\nlong   x");
});

it("tells progress in lines where there is no terminal", () => {
  const lines: string[] = [];
  const progress = linesOn((line) => lines.push(line), { label: "Uploading", total: 5_000_000, from: 1_000_000 });
  progress.at(2_000_000);
  progress.end("done");
  expect(lines).toEqual(["Uploading: 5.0 MB, of which 1.0 MB are there already", "done"]);
});

it("reads what is written on a command line", () => {
  expect(["90", "90s", "15m", "2h", "30d"].map(readDuration)).toEqual([90, 90, 900, 7_200, 2_592_000]);
  for (const text of ["", "0", "-1", "1w", "1.5h", "h"]) expect(() => readDuration(text)).toThrow("is no duration");
  expect(readPairs(["A=1", "B=x=y", "C="], "--env")).toEqual({ A: "1", B: "x=y", C: "" });
  expect(() => readPairs(["A"], "--env")).toThrow("has no value");
  expect(readReference("acme/log-triage@1.2.0")).toEqual({ org: "acme", name: "log-triage", version: "1.2.0" });
  expect(readReference("log-triage@latest")).toEqual({ org: undefined, name: "log-triage", version: undefined });
  expect(() => readReference("a/b/c")).toThrow("names nothing");
  expect(quoteWords(["ls", "-la", "it's", "a b", "$HOME"])).toBe(String.raw`ls -la 'it'\''s' 'a b' '$HOME'`);
});

const type = (keys: EscapeKeys, text: string) => {
  const { typed, leaves } = keys.take(new TextEncoder().encode(text));
  return [new TextDecoder().decode(typed), leaves];
};

it("leaves a terminal by ~. at the beginning of a line, and nowhere else", () => {
  const keys = new EscapeKeys();
  expect(type(keys, "a~.\r")).toEqual(["a~.\r", false]);
  expect(type(keys, "~~x\r")).toEqual(["~x\r", false]);
  expect(type(keys, "~")).toEqual(["", false]);
  expect(type(keys, "x\r")).toEqual(["~x\r", false]);
  expect(type(keys, "ls\r~")).toEqual(["ls\r", false]);
  expect(type(keys, ".")).toEqual(["", true]);
});

const update = (fields: object) => ({
  type: "notification",
  notification: { jsonrpc: "2.0", method: "session/update", params: { update: fields } },
});

const text = (value: string) => ({ type: "text", text: value });

const consoleLine = (level: string, message: string) => ({
  type: "notification",
  notification: { jsonrpc: "2.0", method: "_posthog/console", params: { level, message } },
});

it("shows a run as its agent does it", () => {
  const view = new EntryView(plain);
  const entries = [
    { type: "task_run_state", status: "queued" },
    { type: "task_run_state", status: "queued" },
    { type: "task_run_state", status: "in_progress" },
    update({ sessionUpdate: "agent_message_chunk", content: text("Let me ") }),
    update({ sessionUpdate: "agent_message_chunk", content: text("look.") }),
    update({ sessionUpdate: "agent_message", content: text("Let me look.") }),
    update({ sessionUpdate: "tool_call", toolCallId: "1", title: "execute", rawInput: { command: "ls\n-la" } }),
    update({ sessionUpdate: "tool_call_update", toolCallId: "1", status: "in_progress" }),
    update({
      sessionUpdate: "tool_call_update",
      toolCallId: "1",
      status: "failed",
      content: [{ type: "content", content: text(Array.from({ length: 14 }, (_, line) => `line ${line}`).join("\n")) }],
    }),
    update({ sessionUpdate: "plan", entries: [{ content: "Read", status: "completed" }, { content: "Write" }] }),
    consoleLine("info", "a line \u001b[31mred"),
    { type: "_posthog/stream_complete", final_seq: 9 },
    { type: "task_run_state", status: "failed", error_message: "It broke." },
  ];
  const shown = entries.map((entry) => view.render(entry) ?? "").join("") + view.finish();
  expect(shown.split("\n")).toEqual([
    "● queued",
    "● in_progress",
    "Let me look.",
    "▸ execute  ls -la",
    ...Array.from({ length: 12 }, (_, line) => `  │ line ${line}`),
    "  │ … and 2 more lines",
    "  ✗ execute failed",
    "▸ plan",
    "  ☑ Read",
    "  ☐ Write",
    "a line red",
    "● failed: It broke.",
    "",
  ]);
});

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other counts are not shown
const counts = (given: object) => ({ queued: 0, passed: 0, failed: 0, ...given }) as never;

const item = (attempt: number, status: string) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an item's other fields are not shown
  ({ id: "1", position: 0, task_ref: "acme/one@1.0.0", attempt, item_status: status }) as never;

it("draws an evaluation as a table that lives", () => {
  const board = new EvaluationBoard(plain);
  const begun = "2026-11-01T09:30:00.000Z";
  board.take({
    type: "evaluation",
    timestamp: begun,
    counts: counts({ queued: 4 }),
    evaluation: { id: "1", name: "nightly", status: "running", stop_reason: null },
  });
  board.take({ type: "item", timestamp: begun, counts: counts({ passed: 1, queued: 3 }), item: item(2, "passed") });
  board.take({
    type: "item",
    timestamp: begun,
    counts: counts({ passed: 1, failed: 1, queued: 2 }),
    item: item(1, "failed"),
  });
  const shown = board.render(Date.parse(begun) + 10_000);
  expect(shown).toContain("nightly  running");
  expect(shown).toContain("2 of 4  0:10, 0:10 left   pass rate 50% (n = 2)");
  expect(shown).toContain("acme/one@1.0.0   1/2      ✗✓");
});
