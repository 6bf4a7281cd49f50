import { unwrap } from "../../runs/access/run-path.ts";
import { openRun } from "../../runs/access/run-handle.ts";
import type { RunScope } from "../../runs/model/run-outcome.ts";

/** The entries of a run's log as they stand now, parsed, one after the other as they are taken; what is no JSON is left out. */
export async function* readRunEntries(env: Cloudflare.Env, runId: string, scope: RunScope): AsyncGenerator {
  const { log } = unwrap(await openRun(env, runId).describeLog(scope));
  if (log.bytes === 0) return;
  const part = { tag: log.tag, offset: log.from, length: log.bytes };
  const { lines } = unwrap(await openRun(env, runId).readLog(scope, part));
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of lines) {
    const texts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = texts.pop() ?? "";
    for (const text of texts) yield* parse(text);
  }
  yield* parse(rest + decoder.decode());
}

function parse(text: string): unknown[] {
  if (text === "") return [];
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}
