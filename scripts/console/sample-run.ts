/** A run as agents write them, for the console's pictures and tests. */

/** What a notification of an agent is wrapped in. */
function entry(second: number, method: string, params: object): object {
  const timestamp = new Date(Date.UTC(2026, 10, 1, 9, 30, second)).toISOString();
  return { type: "notification", timestamp, notification: { jsonrpc: "2.0", method, params } };
}

const update = (second: number, fields: object) =>
  entry(second, "session/update", { sessionId: "s-1", update: fields });
const say = (second: number, text: string) =>
  update(second, { sessionUpdate: "agent_message_chunk", messageId: `m${second}`, content: { type: "text", text } });
const line = (second: number, level: string, message: string) =>
  entry(second, "_posthog/console", { sessionId: "s-1", level, message });

/** An agent that mends a failing test: messages, thoughts, tool calls with a diff and colours, a question, usage. */
export const SAMPLE_ENTRIES: readonly object[] = [
  line(0, "info", "Cloning acme/storefront at main"),
  line(2, "info", "\u001B[32m✔\u001B[0m Checked out \u001B[1m4c1d9e2\u001B[0m"),
  update(3, {
    sessionUpdate: "user_message",
    content: { type: "text", text: "The checkout total is wrong by a cent for some carts. Find out why and mend it." },
  }),
  update(5, {
    sessionUpdate: "agent_thought_chunk",
    content: { type: "text", text: "A cent off smells like rounding per line instead of per cart." },
  }),
  say(8, "I will look at how the total is "),
  say(8, "computed, then write a test that **fails** for the carts you mean.\n\n"),
  say(8, "1. Read `src/cart/total.ts`\n2. Reproduce it\n3. Mend it, run the suite"),
  update(11, {
    sessionUpdate: "tool_call",
    toolCallId: "t1",
    title: "Read src/cart/total.ts",
    kind: "read",
    status: "in_progress",
    rawInput: { path: "src/cart/total.ts" },
  }),
  update(12, {
    sessionUpdate: "tool_call_update",
    toolCallId: "t1",
    title: "Read src/cart/total.ts",
    status: "completed",
    content: [
      {
        type: "content",
        content: {
          type: "text",
          text: "export function total(lines: Line[]): number {\n  return lines.reduce((sum, line) => sum + round(line.price * line.quantity), 0);\n}",
        },
      },
    ],
  }),
  update(20, {
    sessionUpdate: "tool_call",
    toolCallId: "t2",
    title: "npm test -- cart",
    kind: "execute",
    status: "in_progress",
    rawInput: { command: "npm test -- cart" },
  }),
  update(31, {
    sessionUpdate: "tool_call_update",
    toolCallId: "t2",
    title: "npm test -- cart",
    status: "failed",
    rawOutput:
      "\u001B[31mFAIL\u001B[0m test/cart.test.ts\n  expected \u001B[32m10.05\u001B[0m, received \u001B[31m10.06\u001B[0m\n\nTests: 1 failed, 12 passed",
  }),
  line(31, "error", "Test run ended with exit code 1"),
  update(38, {
    sessionUpdate: "tool_call",
    toolCallId: "t3",
    title: "Edit src/cart/total.ts",
    kind: "edit",
    status: "completed",
    content: [
      {
        type: "diff",
        path: "src/cart/total.ts",
        oldText:
          "export function total(lines: Line[]): number {\n  return lines.reduce((sum, line) => sum + round(line.price * line.quantity), 0);\n}\n",
        newText:
          "export function total(lines: Line[]): number {\n  return round(lines.reduce((sum, line) => sum + line.price * line.quantity, 0));\n}\n",
      },
    ],
  }),
  entry(44, "_posthog/permission_request", {
    requestId: "p1",
    toolCall: { title: "Run `git push origin fix/rounding`" },
    options: [
      { optionId: "allow", name: "Allow once", kind: "allow_once" },
      { optionId: "reject", name: "Refuse", kind: "reject_once" },
    ],
  }),
  line(47, "warn", "2 deprecated packages: left-pad@1.3.0, request@2.88.2"),
  update(52, { sessionUpdate: "usage", prompt_tokens: 18_432, completion_tokens: 1_207, cost_usd: 0.0841 }),
  say(
    55,
    "The total is rounded once now. The suite passes, see the [change](https://example.com/acme/storefront/pull/318).",
  ),
];
