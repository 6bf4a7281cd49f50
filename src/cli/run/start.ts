import { createAgentTask } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";
import { followRunToItsEnd } from "./follow.ts";

interface StartOptions extends CommonOptions {
  title?: string | undefined;
  message?: string | undefined;
  label?: string[] | undefined;
  repository?: string | undefined;
  branch?: string | undefined;
  follow?: true | undefined;
}

/** Characters of a description at most, which comes from standard input. */
const DESCRIPTION_MAX_LENGTH = 1_000_000;

/** `taskyard run start` */
export async function run(context: Context, words: string[], options: StartOptions): Promise<void> {
  const { out, signal } = context;
  const description = words.length === 1 && words[0] === "-" ? await readDescription() : words.join(" ");
  const { title, message, label, repository, branch } = options;
  const { client } = await context.session();
  const task = await createAgentTask(client, {
    body: {
      description,
      start_run: true,
      ...(title !== undefined && { title }),
      ...(message !== undefined && { pending_user_message: message }),
      ...(label && { runner_labels: label }),
      ...(repository !== undefined && { repository }),
      ...(branch !== undefined && { branch }),
    },
    signal,
  });
  const started = task.latest_run;
  if (!started)
    throw new Failure(
      EXIT.failure,
      `${task.slug} was made, and no run of it.`,
      `Look at it: taskyard run list --task ${task.slug}`,
    );
  if (!options.follow) {
    out.result(
      task,
      () => `${out.paint("green", "✓")} ${task.slug} is ${started.status}`,
      () => task.slug,
    );
    return out.next(`taskyard run follow ${task.slug}`);
  }
  out.note(`${task.slug}: ${task.title}`);
  await followRunToItsEnd(context, client, { slug: task.slug, path: { task_id: task.id, run_id: started.id } });
}

async function readDescription(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > DESCRIPTION_MAX_LENGTH) throw usageFailure("Standard input is too long for a description.");
  }
  return text;
}
