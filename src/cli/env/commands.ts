import { type Command, Option } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about environments. */
export function addCommands(env: Command): void {
  env.description(
    "Environments: a task in a sandbox. ENVIRONMENT is an id, or `latest`: the one that was last made on this machine.",
  );
  define(
    env
      .command("create <task>")
      .summary("make an environment of a task, and wait until it is ready")
      .option("--for <duration>", "how long it lives, such as 30m or 4h", "1h")
      .option("--input <name=value>", "a value of the instruction's placeholders; may be repeated", collect)
      .option("--secret <secret>", "a secret that commands find as a variable; may be repeated", collect)
      .option("--label <label>", "what its runner has to have; may be repeated", collect)
      .addOption(
        new Option("--sandbox <sandbox>", "where it runs; the server's own choice").choices([
          "embedded",
          "runner",
          "container",
        ] as const),
      )
      .option("--no-wait", "do not wait until it is ready"),
    ["taskyard env create hello-flag", "ENV=$(taskyard env create hello-flag@1.0.0 --sandbox runner --for 2h --quiet)"],
    () => import("./create.ts"),
  );
  define(
    env
      .command("list")
      .summary("list environments")
      .option("--all", "also those that have ended")
      .option("--limit <number>", "environments at most", "50"),
    ["taskyard env list", "taskyard env list --quiet | xargs -n 1 taskyard env rm"],
    () => import("./list.ts"),
  );
  define(
    env
      .command("exec <environment> <command...>")
      .summary("run a command and show its output")
      .description(
        "Runs a command in the environment and shows its output as it comes. One word is a line for the shell; several are a program " +
          "and its arguments. Exit code 10 when the command fails. Ctrl-C ends the command as well. Options stand before ENVIRONMENT: what is behind it is the command.",
      )
      .option("-i, --stdin", "pass on standard input, all of it")
      .option("-e, --env <name=value>", "a variable; may be repeated", collect)
      .option("--cwd <folder>", "where it runs")
      .option("--timeout <duration>", "end it after so long, such as 90s")
      .option("-d, --detach", "start it in the background, and print its id")
      .option("--exit-code", "end with the command's own exit code instead of 10")
      .passThroughOptions(),
    [
      "taskyard env exec latest ls -la",
      "taskyard env exec latest 'grep -c part= data/access.log > /tmp/count'",
      "taskyard env exec --stdin latest sh < setup.sh",
    ],
    () => import("./exec.ts"),
  );
  define(
    env
      .command("shell <environment> [command...]")
      .summary("open a terminal in the environment")
      .description(
        "A shell on a real terminal: with job control, its own size, and programs such as vim. It goes on when the connection breaks, and " +
          "connects again by itself. Enter ~. leaves it; it then goes on without anybody. A sandbox without terminals gets a prompt that sends line by line.",
      )
      .option("--cwd <folder>", "where it begins")
      .option("--attach <terminal>", "join a terminal that is open"),
    ["taskyard env shell latest", "taskyard env shell latest python3"],
    () => import("./shell.ts"),
  );
  define(
    env
      .command("cp <from> <to>")
      .summary("copy files to and from an environment")
      .description(
        "One of the two is ENVIRONMENT:PATH. Folders are copied with all that is in them. Large files go in parts, and are taken up again.",
      ),
    ["taskyard env cp data.csv latest:/task/data.csv", "taskyard env cp latest:/tmp/answer ."],
    () => import("./cp.ts"),
  );
  define(
    env.command("logs <environment>").summary("show what provisioning and teardown did"),
    ["taskyard env logs latest"],
    () => import("./logs.ts"),
  );
  define(
    env.command("extend <environment>").summary("let it live longer").option("--for <duration>", "from now on", "1h"),
    ["taskyard env extend latest --for 4h"],
    () => import("./extend.ts"),
  );
  define(
    env.command("rm <environments...>").summary("end environments"),
    ["taskyard env rm latest"],
    () => import("./rm.ts"),
  );
}
