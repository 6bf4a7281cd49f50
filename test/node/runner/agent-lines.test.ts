import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { AgentLines } from "../../../src/runs/protocol/agent-lines.ts";
import { readLines } from "../../../src/runner/agent/line-reader.ts";

const NOW = "2026-11-22T03:00:00.000Z";
const lines = new AgentLines("run-1", () => NOW);

it("passes events and notifications on byte for byte, answers to who has asked, and the rest as text", () => {
  const event = '{"type":"x",  "n":1.0, "é":"\\u00e9"}';
  expect(lines.read(event)).toEqual({ kind: "event", json: event });
  const notification = '{"jsonrpc":"2.0", "method":"_posthog/progress","params":{"n":1e5}}';
  expect(lines.read(notification)).toEqual({
    kind: "event",
    json: `{"type":"notification","timestamp":"${NOW}","notification":${notification}}`,
  });
  const answer = { jsonrpc: "2.0", id: "c1", result: { ok: true } };
  expect(lines.read(JSON.stringify(answer))).toEqual({ kind: "answer", id: "c1", message: answer });
});

it("takes everything else for text", () => {
  for (const text of ["hello", "{broken", '{"a":1}', "[1]", '"x"', '{"jsonrpc":"2.0","id":7,"result":1}']) {
    const read = lines.read(text);
    expect(read.kind === "event" && JSON.parse(read.json)).toEqual({
      type: "notification",
      timestamp: NOW,
      notification: {
        jsonrpc: "2.0",
        method: "_posthog/console",
        params: { sessionId: "run-1", level: "info", message: text },
      },
    });
  }
});

async function linesOf(...chunks: string[]): Promise<string[]> {
  const source = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const read: string[] = [];
  for await (const line of readLines(source, new Promise(() => undefined))) read.push(line);
  return read;
}

it("reads lines whatever the pieces they come in, and cuts those without an end", async () => {
  expect(await linesOf("a\nb", "c\r\n", "\n", "last")).toEqual(["a", "bc", "", "last"]);
  const bytes = Buffer.from("é\n");
  expect(await linesOf("")).toEqual([]);
  const halves = Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]);
  const read: string[] = [];
  for await (const line of readLines(halves, new Promise(() => undefined))) read.push(line);
  expect(read).toEqual(["é"]);
  const long = await linesOf("x".repeat(1_300_000), "\nnext\n");
  expect(long.map(({ length }) => length)).toEqual([524_288, 524_288, 251_424, 4]);
});
