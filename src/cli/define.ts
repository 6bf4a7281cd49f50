import { type Command, Option, type OptionValues } from "@commander-js/extra-typings";
import type { CommonOptions, Context } from "./base/context.ts";
import { runInContext } from "./run-in-context.ts";

const COMMON = "Options of every command:";

/** A module with what a command does. It is loaded when the command is called, and not before. */
type Load<Args extends unknown[], Options> = () => Promise<{
  run: (context: Context, ...given: [...Args, Options]) => Promise<void>;
}>;

/**
 * Completes a command: the options that all have, examples below its help, and the module that carries it out.
 */
export function define<Args extends unknown[], Options extends OptionValues>(
  // oxlint-disable-next-line typescript/no-explicit-any -- what its parents take is of no interest here
  command: Command<Args, Options, any>,
  examples: readonly string[],
  load: Load<Args, Options & CommonOptions>,
): void {
  command
    .addOption(new Option("--json", "print the result as JSON").helpGroup(COMMON))
    .addOption(new Option("-q, --quiet", "print ids only, and no progress").helpGroup(COMMON))
    .addOption(new Option("--url <url>", "the server").env("TASKYARD_URL").helpGroup(COMMON))
    .addOption(new Option("--org <org>", "the organization").env("TASKYARD_ORG").helpGroup(COMMON))
    .addOption(new Option("--workspace <workspace>", "the workspace").env("TASKYARD_WORKSPACE").helpGroup(COMMON))
    .addHelpText(
      "after",
      `\n${examples.length === 1 ? "Example" : "Examples"}:\n${examples.map((line) => `  $ ${line}`).join("\n")}`,
    )
    .action(async (...given) => {
      const args = given.slice(0, -2);
      const options = given.at(-2);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commander gives the arguments, the options and itself
      const called = [...args, options] as unknown as [...Args, Options & CommonOptions];
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they are declared above
      await runInContext(options as CommonOptions, async (context) => {
        const { run } = await load();
        await run(context, ...called);
      });
    });
}

/** Takes an option that may be given several times. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
