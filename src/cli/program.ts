import { Command } from "@commander-js/extra-typings";
import { addCompletion } from "./completion.ts";
import { addEnvironmentCommands } from "./env/commands.ts";
import { addEvaluationCommands } from "./eval/commands.ts";
import { addKeyCommands } from "./key/commands.ts";
import { addRunCommands } from "./run/commands.ts";
import { addServerCommands } from "./server/commands.ts";
import { addTaskCommands } from "./task/commands.ts";
import { addTaskSetCommands } from "./task-set/commands.ts";
import { version } from "./version.ts";
import { addWebhookCommands } from "./webhook/commands.ts";

const DESCRIPTION = "Tasks, environments, runs and evaluations of agents, on a Taskyard server.";

const GUIDE = `
Begin with:
  $ taskyard dev                              a server on this machine
  $ taskyard login --dev                      log in to it
  $ taskyard task init my-task                a task to begin with
  $ taskyard task publish my-task

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 network, 10 what ran there has failed`;

/** All commands; what they do is loaded when they are called. */
export function buildProgram(): Command {
  const program = buildCommands();
  addCompletion(program, buildCommands);
  return program;
}

function buildCommands(): Command {
  const program = new Command("taskyard")
    .description(DESCRIPTION)
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help")
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .showSuggestionAfterError()
    .showHelpAfterError("Show what there is: taskyard help, or --help behind a command.")
    .enablePositionalOptions()
    .addHelpText("after", GUIDE)
    .exitOverride();
  addServerCommands(program);
  addTaskCommands(program);
  addEnvironmentCommands(program);
  addRunCommands(program);
  addEvaluationCommands(program);
  addTaskSetCommands(program);
  addKeyCommands(program);
  addWebhookCommands(program);
  return program;
}
