import { getAgentRunLogs } from "../../client/index.ts";
import { pourBody } from "../base/bodies.ts";
import { readLines } from "../base/lines.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findRun } from "./find-run.ts";
import { EntryView } from "./entry-view.ts";

interface LogsOptions extends CommonOptions {
  raw?: true | undefined;
}

/** `taskyard run logs` */
export async function run(context: Context, reference: string, options: LogsOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const { path } = await findRun(session, reference, signal);
  const answer = await getAgentRunLogs(session.client, { path, signal });
  if (options.raw || out.json) return await pourBody(answer, signal);
  const view = new EntryView(out.paint);
  for await (const line of readLines(answer)) {
    const shown = view.render(JSON.parse(line));
    if (shown !== undefined) out.write(shown);
  }
  out.write(view.finish());
}
