import type { Command } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about agent tasks and their runs. */
export function addCommands(run: Command): void {
  run.description(
    "Runs of agents. RUN is an agent task by its id or slug (DEF-12), which means its latest run; TASK/RUN-ID; or `latest`.",
  );
  define(
    run
      .command("start <description...>")
      .summary("start a run of what is described")
      .option("--title <title>", "the task's title; otherwise the first line of the description")
      .option("--message <text>", "the first message to the agent")
      .option("--label <label>", "what its runner has to have; may be repeated", collect)
      .option("--repository <repository>", "ORGANIZATION/NAME")
      .option("--branch <branch>", "the branch to work on")
      .option("-f, --follow", "follow it until it ends"),
    [
      "taskyard run start Greet the world --follow",
      "taskyard run start --label gpu --title 'Fit the model' - < description.md",
    ],
    () => import("./start.ts"),
  );
  define(
    run
      .command("list")
      .summary("list agent tasks with their latest runs")
      .option("--task <task>", "all runs of this task")
      .option("--status <status>", "only those whose latest run has this status")
      .option("--search <text>", "part of the title or description")
      .option("--limit <number>", "rows at most", "30"),
    ["taskyard run list", "taskyard run list --status failed"],
    () => import("./list.ts"),
  );
  define(
    run
      .command("follow <run>")
      .summary("show what an agent does, as it does it")
      .description(
        "Shows a run from its beginning to its end: messages, tool calls, what it prints. Exit code 10 when the run fails.",
      )
      .option("--new", "begin at what is new"),
    ["taskyard run follow latest", "taskyard run follow DEF-12 --json | jq -c .notification"],
    () => import("./follow.ts"),
  );
  define(
    run.command("logs <run>").summary("print the log of a run").option("--raw", "the lines of JSON as they are stored"),
    ["taskyard run logs latest", "taskyard run logs DEF-12 --raw > log.jsonl"],
    () => import("./logs.ts"),
  );
  define(
    run
      .command("send <run> <message...>")
      .summary("send a message to the agent of a run")
      .description("Sends `user_message`, or the method of --method, and prints the agent's answer.")
      .option("--method <method>", "another method of JSON-RPC, whose params the message is, as JSON"),
    ["taskyard run send latest Please add a test", `taskyard run send latest --method cancel '{}'`],
    () => import("./send.ts"),
  );
  define(
    run.command("cancel <run>").summary("cancel a run"),
    ["taskyard run cancel latest"],
    () => import("./cancel.ts"),
  );
  define(
    run
      .command("artifacts <run>")
      .summary("list the files of a run, or download them")
      .option("-o, --output <folder>", "download them into this folder"),
    ["taskyard run artifacts latest", "taskyard run artifacts DEF-12 --output results"],
    () => import("./artifacts.ts"),
  );
}
