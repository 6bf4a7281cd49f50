import { Argument, Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Command as PlainCommand } from "commander";

/** `completion`, whose library is loaded when a shell asks: it asks by `complete -- WORD…`. */
export function addCompletion(program: Command, rebuild: () => Promise<Command>): void {
  program
    .command("completion")
    .summary("print the completion of a shell")
    .description("Prints a script by which a shell completes commands and options. Kept in a file as below, it lasts.")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"] as const))
    .addHelpText(
      "after",
      `
Examples:
  $ source <(taskyard completion bash)
  $ taskyard completion bash > ~/.local/share/bash-completion/completions/taskyard
  $ taskyard completion zsh > "\${fpath[1]}/_taskyard"
  $ taskyard completion fish > ~/.config/fish/completions/taskyard.fish`,
    )
    .action(async (shell) => (await completer(await rebuild())).setup("taskyard", "taskyard", shell));
  program.addCommand(
    new Command("complete")
      .argument("[words...]")
      .passThroughOptions()
      .action(async (words) => (await completer(await rebuild())).parse(words)),
    { hidden: true },
  );
}

/** The library, once it knows the commands of `program`, to which it adds its own. */
async function completer(program: Command) {
  for (const command of allBelow(program)) command.description(command.summary() || command.description());
  const { default: describe } = await import("@bomb.sh/tab/commander");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same class, with more said of its types
  return describe(program as unknown as PlainCommand, { completionCommandName: "completion" });
}

/** All commands below one. */
function allBelow(command: Pick<Command, "commands">): CommandUnknownOpts[] {
  return command.commands.flatMap((child) => [child, ...allBelow(child)]);
}
