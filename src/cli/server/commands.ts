import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about a server as a whole: logging in, one of one's own, its runners, and raw requests. */
export function addServerCommands(program: Command): void {
  define(
    program
      .command("login [server]")
      .summary("log in to a server")
      .description(
        "Keeps an API key for a server, which all commands then use. The key is asked for, or read from standard input; it is " +
          "never taken from the command line, which everybody on the machine can see. TASKYARD_URL and TASKYARD_API_KEY do without a login.",
      )
      .option("--dev [folder]", "the server that `taskyard dev` runs, by its folder (.taskyard)"),
    [
      "taskyard login https://taskyard.example.com",
      "taskyard login https://taskyard.example.com < key.txt",
      "taskyard login --dev",
    ],
    () => import("./login.ts"),
  );
  define(
    program
      .command("logout [server]")
      .summary("forget a server's key")
      .description("Forgets the key that `login` has kept. The key itself stays good: `taskyard key revoke` ends it."),
    ["taskyard logout"],
    () => import("./logout.ts"),
  );
  define(
    program.command("whoami").summary("show the server, and whose key is used"),
    ["taskyard whoami"],
    () => import("./whoami.ts"),
  );
  define(
    program
      .command("dev")
      .summary("run a server on this machine")
      .description("Runs Taskyard here, with data that stays. It is run from a checkout of Taskyard. Ctrl-C ends it.")
      .addOption(new Option("--port <port>", "port on 127.0.0.1; 0 takes a free one").env("PORT").default("8787"))
      .addOption(new Option("--state <folder>", "folder of its data; .taskyard in the checkout").env("TASKYARD_STATE")),
    ["taskyard dev", "taskyard dev --port 0 --state /tmp/taskyard"],
    () => import("./dev.ts"),
  );
  define(
    program
      .command("runner")
      .summary("lend this machine to the server")
      .description(
        "Starts a runner: environments' commands and agents then run on this machine, until Ctrl-C. What is set here by no option " +
          "is set by the runner's own variables (docs/runner.md). Its key is TASKYARD_RUNNER_KEY, or one that is made once by the key of the login.",
      )
      .option("--agent <command>", "the command that does runs; without one none are taken")
      .option("--slots <number>", "environments and runs at the same time; as many as there are processors")
      .option("--labels <labels>", "what this machine has, separated by commas")
      .addOption(
        new Option("--isolation <how>", "where commands run").choices(["docker", "podman", "bubblewrap"] as const),
      )
      .option("--network", "commands reach a network")
      .argument("[options...]", "further options of the runner, behind --"),
    ["taskyard runner --agent ./agent.sh", "taskyard runner --labels gpu -- --total-cpus 2 --image python:3.13"],
    () => import("./runner.ts"),
  );
  define(
    program
      .command("api <method> <path>")
      .summary("send a request as it is, with the key")
      .description(
        "Sends one request to the API, prints the body of the answer, and fails for 400 and above. `{org}` and `{ws}` in the path are filled in.",
      )
      .option("-d, --data <data>", "the body: JSON, @FILE, or @- for standard input")
      .option("-H, --header <header>", "a header, as `Name: value`; may be repeated", collect)
      .option("-o, --output <file>", "write the body to a file")
      .option("-i, --include", "print status and headers as well"),
    [
      "taskyard api GET /api/v1/org/{org}/tasks",
      `taskyard api POST /api/v1/org/{org}/task-sets -d '{"name": "nightly", "tasks": ["hello-flag"]}'`,
    ],
    () => import("./api.ts"),
  );
}
