import { followRun, getAgentRun, type Taskyard } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Outcome } from "../base/failure.ts";
import { reconnectNote } from "../base/reconnect-note.ts";
import { EntryView } from "./entry-view.ts";
import { findRun, type FoundRun } from "./find-run.ts";

interface FollowOptions extends CommonOptions {
  new?: true | undefined;
}

/** `taskyard run follow` */
export async function run(context: Context, reference: string, options: FollowOptions): Promise<void> {
  const session = await context.session();
  const { task, path } = await findRun(session, reference, context.signal);
  await followRunToItsEnd(context, session.client, { slug: task.slug, path }, options.new === true);
}

/** Shows a run until it ends; ends with EXIT.own unless it completed. */
export async function followRunToItsEnd(
  context: Context,
  client: Taskyard,
  { slug, path }: { slug: string; path: FoundRun["path"] },
  isNew = false,
): Promise<void> {
  const { out, signal } = context;
  context.whenInterrupted(
    `The run goes on. Follow it again: taskyard run follow ${slug}; end it: taskyard run cancel ${slug}`,
  );
  const view = new EntryView(out.paint);
  for await (const entry of followRun(client, {
    path,
    signal,
    from: isNew ? "latest" : "start",
    onReconnect: reconnectNote(out),
  })) {
    if (out.json) out.entry(entry, () => undefined);
    else if (!out.quiet) out.write(view.render(entry) ?? "");
  }
  if (!out.json && !out.quiet) out.write(view.finish());
  const ended = await getAgentRun(client, { path, signal });
  if (ended?.status !== "completed") throw new Outcome(EXIT.own);
}
