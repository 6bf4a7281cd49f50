import { Argument, type Command, Option } from "@commander-js/extra-typings";
import { define } from "../define.ts";
import { TEMPLATES } from "./template-names.ts";

/** Commands about tasks of the registry. */
export function addCommands(task: Command): void {
  task.description("Tasks of the registry. A task is named [ORG/]NAME[@VERSION].");
  define(
    task
      .command("init <folder>")
      .summary("make a folder with a task to begin with")
      .description(
        "Writes a small task that works. Its name is the folder's; what is there already is never overwritten.",
      )
      .addOption(
        new Option("--template <template>", "what to begin with").choices(TEMPLATES).default("script" as const),
      ),
    ["taskyard task init log-triage", "taskyard task init word-count --template harbor"],
    () => import("./init.ts"),
  );
  define(
    task
      .command("validate")
      .addArgument(new Argument("[folder]", "the task's folder").default("."))
      .summary("prove that a task can be solved, and is not solved by itself")
      .description(
        "Has the server check the archive, and then evaluates the task twice: its own solution (the oracle) has to pass, and doing " +
          "nothing (nop) must not. For that it is published under a name that is removed afterwards. Exit code 10 when it does not hold.",
      )
      .option("--attempts <number>", "attempts of either", "1")
      .addOption(sandboxOption())
      .option("--name <name>", "the name it has, where its files do not say it")
      .option("--keep", "keep the task and the evaluations that it is checked with"),
    ["taskyard task validate log-triage", "taskyard task validate --sandbox runner --attempts 3"],
    () => import("./validate.ts"),
  );
  define(
    task
      .command("publish")
      .addArgument(new Argument("[folder]", "the task's folder").default("."))
      .summary("pack a folder and publish it as a version")
      .description(
        "Packs the folder, without what .taskyardignore names (in the syntax of .gitignore), and publishes it under the name and " +
          "version of its task.yaml. The same files make the same archive on each machine, and a version that is there already is not sent again.",
      )
      .option("--name <name>", "the task's name, where its files do not say it")
      .option("--task-version <version>", "the version, where its files do not say it")
      .option("--public", "let other organizations read the task")
      .option("--dry-run", "show what would be packed, and send nothing")
      .option("--output <file>", "write the archive to a file as well"),
    [
      "taskyard task publish log-triage",
      "taskyard task publish word-count --task-version 1.0.1",
      "taskyard task publish --dry-run",
    ],
    () => import("./publish.ts"),
  );
  define(
    task
      .command("list")
      .summary("list tasks")
      .option("--search <text>", "part of the name")
      .option("--tag <tag>", "one of the task's tags")
      .option("--all", "public tasks of other organizations as well")
      .option("--limit <number>", "tasks at most", "100"),
    ["taskyard task list", "taskyard task list --search log --json"],
    () => import("./list.ts"),
  );
  define(
    task
      .command("info <task>")
      .summary("show a task, its versions and its instruction")
      .option("--readme", "show its README"),
    ["taskyard task info hello-flag", "taskyard task info acme/hello-flag@1.0.0 --readme"],
    () => import("./info.ts"),
  );
  define(
    task.command("files <task>").summary("list the files of a task"),
    ["taskyard task files hello-flag"],
    () => import("./files.ts"),
  );
  define(
    task.command("cat <task> <path>").summary("print a file of a task"),
    ["taskyard task cat hello-flag README.md"],
    () => import("./cat.ts"),
  );
  define(
    task
      .command("pull <task>")
      .summary("download a task and unpack it")
      .option("-o, --output <folder>", "where to; a new folder of the task's name")
      .option("--zip", "keep the archive as it is: NAME-VERSION.zip, or the file of --output"),
    ["taskyard task pull hello-flag", "taskyard task pull acme/hello-flag@1.0.0 --zip"],
    () => import("./pull.ts"),
  );
  define(
    task
      .command("rm <task>")
      .summary("delete a version of a task")
      .description("Deletes one version for good: its number cannot be published again with other files.")
      .option("-y, --yes", "do not ask"),
    ["taskyard task rm hello-flag@1.0.0"],
    () => import("./rm.ts"),
  );
}

function sandboxOption() {
  return new Option("--sandbox <sandbox>", "where it runs; the server's own choice").choices([
    "embedded",
    "runner",
    "container",
  ] as const);
}
