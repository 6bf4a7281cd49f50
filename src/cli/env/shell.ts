import { getEnvironment } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { requireEnvironment } from "../base/environment-tokens.ts";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";
import { quoteWords } from "../base/words.ts";
import { runLineShell } from "./line-shell.ts";
import { runTerminal } from "./terminal-shell.ts";

interface ShellOptions extends CommonOptions {
  cwd?: string | undefined;
  attach?: string | undefined;
}

/** `taskyard env shell` */
export async function run(context: Context, reference: string, words: string[], options: ShellOptions): Promise<void> {
  const { client, url } = await context.session();
  const { id, token } = await requireEnvironment(reference, url);
  const environment = await getEnvironment(client, { path: { environment_id: id }, signal: context.signal });
  if (environment.state !== "ready") {
    throw new Failure(EXIT.refused, `The environment is ${environment.state}.`, "Make one: taskyard env create TASK");
  }
  const command = words.length > 1 ? quoteWords(words) : words[0];
  if (environment.sandbox_provider.terminals) {
    const { cwd, attach } = options;
    return await runTerminal(context, { client, environmentId: id, token, command, cwd, terminalId: attach });
  }
  if (command !== undefined || options.attach !== undefined) {
    throw usageFailure(
      "This sandbox has no terminals for programs.",
      "Run it without one: taskyard env exec ENVIRONMENT COMMAND",
    );
  }
  await runLineShell(context, { client, environmentId: id, token, name: environment.task.name, cwd: options.cwd });
}
