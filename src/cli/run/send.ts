import { commandRun } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Outcome, usageFailure } from "../base/failure.ts";
import { safeText } from "../output/safe-text.ts";
import { findRun } from "./find-run.ts";

interface SendOptions extends CommonOptions {
  method?: string | undefined;
}

/** `taskyard run send` */
export async function run(context: Context, reference: string, words: string[], options: SendOptions): Promise<void> {
  const { out, signal } = context;
  const text = words.join(" ");
  const { method = "user_message" } = options;
  const params = options.method === undefined ? { content: text } : readParams(text);
  const session = await context.session();
  const { path } = await findRun(session, reference, signal);
  const body = { jsonrpc: "2.0", method, params, id: crypto.randomUUID() } as const;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any of JSON-RPC's methods: the server knows which it takes
  const answer = await commandRun(session.client, { path, body: body as never, signal });
  const isError = typeof answer === "object" && answer !== null && "error" in answer;
  out.result(answer, () => safeText(JSON.stringify(isError ? answer.error : answer, null, 2)));
  if (isError) throw new Outcome(EXIT.own);
}

function readParams(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageFailure("The params of --method are JSON.", `Such as: taskyard run send RUN --method cancel '{}'`);
  }
}
