import { Command } from "@commander-js/extra-typings";
import { addCompletion } from "./completion.ts";
import { addServerCommands } from "./server/commands.ts";
import { version } from "./version.ts";

const DESCRIPTION = "Tasks, environments, runs and evaluations of agents, on a Taskyard server.";

const GUIDE = `
Begin with:
  $ taskyard dev                              a server on this machine
  $ taskyard login --dev                      log in to it
  $ taskyard task init my-task                a task to begin with
  $ taskyard task publish my-task

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 network, 10 what ran there has failed`;

/** What commands are about. What there is of one is loaded when it is called for. */
const NOUNS: readonly {
  name: string;
  summary: string;
  load: () => Promise<{ addCommands: (noun: Command) => void }>;
}[] = [
  {
    name: "task",
    summary: "make, check, publish and read tasks",
    load: () => import("./task/commands.ts"),
  },
  {
    name: "env",
    summary: "run commands in a task's environment",
    load: () => import("./env/commands.ts"),
  },
  {
    name: "run",
    summary: "give agents something to do, and follow them",
    load: () => import("./run/commands.ts"),
  },
  {
    name: "eval",
    summary: "see how well an agent does tasks",
    load: () => import("./eval/commands.ts"),
  },
  {
    name: "task-set",
    summary: "keep lists of tasks, with versions",
    load: () => import("./task-set/commands.ts"),
  },
  {
    name: "key",
    summary: "make, list and revoke API keys",
    load: () => import("./key/commands.ts"),
  },
  {
    name: "webhook",
    summary: "have other servers told of events",
    load: () => import("./webhook/commands.ts"),
  },
];

/** The program, with those commands that `words` of its command line may mean. */
export async function buildProgram(words: readonly string[]): Promise<Command> {
  const program = await buildCommands((noun) => words.includes(noun));
  addCompletion(program, () => buildCommands(() => true));
  return program;
}

async function buildCommands(isWanted: (noun: string) => boolean): Promise<Command> {
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
  for (const { name, summary, load } of NOUNS) {
    const noun = program.command(name).summary(summary);
    if (isWanted(name)) (await load()).addCommands(noun);
  }
  return program;
}
