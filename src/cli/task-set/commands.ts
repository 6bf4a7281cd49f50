import type { Command } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about task sets. */
export function addCommands(set: Command): void {
  set.description("Task sets: curated lists of tasks, which evaluations take. SET is [ORG/]NAME[@VERSION].");
  define(
    set
      .command("create <name> <tasks...>")
      .summary("make a task set")
      .option("--description <text>", "what it is for")
      .option("--tag <tag>", "a tag; may be repeated", collect)
      .option("--public", "let other organizations read it"),
    ["taskyard task-set create nightly hello-flag log-triage@1.2.0"],
    () => import("./create.ts"),
  );
  define(
    set
      .command("list")
      .summary("list task sets")
      .option("--search <text>", "part of the name")
      .option("--all", "public sets of other organizations as well"),
    ["taskyard task-set list"],
    () => import("./list.ts"),
  );
  define(
    set.command("show <set>").summary("show a task set and its tasks"),
    ["taskyard task-set show nightly", "taskyard task-set show nightly@1"],
    () => import("./show.ts"),
  );
  define(
    set
      .command("update <name>")
      .summary("change a task set; other tasks make a new version")
      .option("--add <task>", "add a task at the end; may be repeated", collect)
      .option("--remove <task>", "take a task out; may be repeated", collect)
      .option("--description <text>", "what it is for")
      .option("--public", "let other organizations read it")
      .option("--private", "keep other organizations from reading it"),
    ["taskyard task-set update nightly --add word-count --remove log-triage"],
    () => import("./update.ts"),
  );
  define(
    set.command("rm <name>").summary("delete a task set with all its versions").option("-y, --yes", "do not ask"),
    ["taskyard task-set rm nightly"],
    () => import("./rm.ts"),
  );
}
