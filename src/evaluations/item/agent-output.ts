import type { CommandRow } from "../../environments/commands/command-log.ts";
import { unwrap } from "../../environments/environment-access.ts";
import { readConfig } from "../../config.ts";
import { askAgain } from "../../objects/ask-again.ts";
import { AgentLines } from "../../runs/protocol/agent-lines.ts";
import type { Taken } from "./progress.ts";
import { environmentOf, runOf, type StepContext } from "./steps/step.ts";

/** How long one question for output waits for some, in milliseconds. */
const PATIENCE_MS = 15_000;

/** Bytes of a line at most; what is longer is cut into several. */
const MAX_LINE_BYTES = 512 * 1024;

const LINE_FEED = 0x0a;

/**
 * Takes the next output of an agent's command into its run, as a runner does (docs/runner.md, "Runs"). Which event a line is
 * follows from its place in the output, so that what is taken twice is in the run once. Returns the command when it is over and
 * all of its output is taken; undefined while there is more to come.
 */
export async function takeOutput(context: StepContext, commandId: string): Promise<CommandRow | undefined> {
  const { access, open } = environmentOf(context);
  const { taken } = context.progress;
  const { command, pieces, next } = unwrap(
    await askAgain(() => open().follow(access, commandId, taken.offset, PATIENCE_MS)),
  );
  const isAll = command.ended !== null && next >= command.stdout_kept + command.stderr_kept;
  const bytes = join([Uint8Array.fromBase64(taken.rest), ...pieces.map((piece) => piece.bytes)]);
  const { lines, rest } = cutLines(bytes, isAll);
  const events = lines.filter((line) => line !== "").map((line) => toEvent(context, line));
  await send(context, taken.events, events);
  const now: Taken = { offset: next, events: taken.events + events.length, rest: rest.toBase64() };
  if (pieces.length > 0 || isAll) await context.commit({ taken: now });
  if (!isAll) return undefined;
  await complete(context, now.events);
  return command;
}

function toEvent({ progress }: StepContext, line: string): string {
  const agentLines = new AgentLines(progress.state.runId ?? "");
  const said = agentLines.read(line);
  return said.kind === "event" ? said.json : agentLines.text("info", line);
}

async function send(context: StepContext, before: number, events: readonly string[]): Promise<void> {
  if (events.length === 0) return;
  const { scope, open } = runOf(context);
  const lines = new TextEncoder().encode(events.map((event) => `${event}\n`).join(""));
  const step = { kind: "append" as const, first: before + 1, count: events.length, lines };
  // A journal that is full takes no more of an agent's words; what it does goes on.
  await askAgain(() => open().takeEvents(scope, step, readConfig(context.env).RUN_JOURNAL_MAX_BYTES));
}

async function complete(context: StepContext, final: number): Promise<void> {
  const { scope, open } = runOf(context);
  await askAgain(() =>
    open().takeEvents(scope, { kind: "complete", final }, readConfig(context.env).RUN_JOURNAL_MAX_BYTES),
  );
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The lines of some output, and the beginning of one whose end is still to come; at the end that is a line too. */
function cutLines(bytes: Uint8Array, isEnd: boolean): { lines: string[]; rest: Uint8Array } {
  const lines: string[] = [];
  const decoder = new TextDecoder();
  let from = 0;
  for (;;) {
    const feed = bytes.indexOf(LINE_FEED, from);
    const to = feed === -1 ? bytes.length : feed;
    if (to - from > MAX_LINE_BYTES) {
      lines.push(decoder.decode(bytes.subarray(from, from + MAX_LINE_BYTES)));
      from += MAX_LINE_BYTES;
      continue;
    }
    if (feed === -1) break;
    lines.push(decoder.decode(bytes.subarray(from, feed)).replace(/\r$/, ""));
    from = feed + 1;
  }
  const rest = bytes.subarray(from);
  if (!isEnd || rest.length === 0) return { lines, rest };
  return { lines: [...lines, decoder.decode(rest)], rest: new Uint8Array(0) };
}
