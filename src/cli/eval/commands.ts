import { Argument, type Command, Option } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about evaluations. */
export function addCommands(evaluation: Command): void {
  evaluation.description("Evaluations. EVALUATION is an id, or `latest`.");
  define(
    evaluation
      .command("create")
      .addArgument(new Argument("[file]", "evaluation.yaml, where no tasks are named"))
      .summary("start an evaluation")
      .description(
        "Starts an evaluation by a file of YAML, whose fields are those of the API (docs/evaluations.md); options win over it. Without a " +
          "file and without tasks, ./evaluation.yaml is read.",
      )
      .option("--task <task>", "a task, [ORG/]NAME[@VERSION]; may be repeated", collect)
      .option("--task-set <set>", "a task set, [ORG/]NAME[@VERSION]")
      .option("--agent <agent>", "oracle, nop, runner (the agent of a runner), or a command inside of the environment")
      .option("--model <model>", "what the agent works with; kept, shown, and told to the agent")
      .option("--name <name>", "what it is called")
      .option("--attempts <number>", "attempts at each task")
      .option("--concurrency <number>", "how many are at work at once")
      .option("--label <label>", "what the agent's runner has to have; may be repeated", collect)
      .addOption(
        new Option("--sandbox <sandbox>", "where environments run; the server's own choice").choices([
          "embedded",
          "runner",
          "container",
        ] as const),
      )
      .option("-w, --watch", "watch it until it ends; exit code 10 unless all items pass"),
    [
      "taskyard eval create --watch",
      "taskyard eval create --task hello-flag --agent oracle --attempts 3 --watch",
      "taskyard eval create nightly.yaml --model big-model-5",
    ],
    () => import("./create.ts"),
  );
  define(
    evaluation
      .command("list")
      .summary("list evaluations")
      .option("--status <status>", "queued, running, completed or cancelled")
      .option("--limit <number>", "evaluations at most", "30"),
    ["taskyard eval list", "taskyard eval list --json | jq -r '.[].pass_rate'"],
    () => import("./list.ts"),
  );
  define(
    evaluation
      .command("watch <evaluation>")
      .summary("watch an evaluation until it ends")
      .description(
        "A table that lives on a terminal, a line for each change elsewhere. Exit code 10 unless all items pass; Ctrl-C leaves the evaluation alone.",
      ),
    ["taskyard eval watch latest", "taskyard eval watch latest --json > events.jsonl"],
    () => import("./watch.ts"),
  );
  define(
    evaluation.command("show <evaluation>").summary("show the numbers of an evaluation"),
    ["taskyard eval show latest"],
    () => import("./show.ts"),
  );
  define(
    evaluation
      .command("items <evaluation>")
      .summary("list the items of an evaluation")
      .option("--status <status>", "only these, such as failed or infra_error"),
    ["taskyard eval items latest", "taskyard eval items latest --status failed"],
    () => import("./items.ts"),
  );
  define(
    evaluation
      .command("retry <evaluation>")
      .summary("queue every item again that did not pass")
      .option("-w, --watch", "watch it until it ends"),
    ["taskyard eval retry latest --watch"],
    () => import("./retry.ts"),
  );
  define(
    evaluation.command("cancel <evaluation>").summary("cancel what waits, and end what is at work"),
    ["taskyard eval cancel latest"],
    () => import("./cancel.ts"),
  );
  define(
    evaluation
      .command("compare <first> <second>")
      .summary("say which of two is better, and whether that is more than noise"),
    ["taskyard eval compare $BEFORE $AFTER"],
    () => import("./compare.ts"),
  );
  define(
    evaluation
      .command("export <evaluation>")
      .summary("write the items to a file or to standard output")
      .addOption(
        new Option("--format <format>", "the form")
          .choices(["jsonl", "csv", "harbor"] as const)
          .default("jsonl" as const),
      )
      .option("-o, --output <file>", "the file; standard output otherwise"),
    ["taskyard eval export latest --format csv > items.csv", "taskyard eval export latest --format harbor -o job.zip"],
    () => import("./export.ts"),
  );
}
