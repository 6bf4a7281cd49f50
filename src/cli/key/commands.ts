import type { Command } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about API keys. */
export function addCommands(key: Command): void {
  key.description("API keys of the organization.");
  define(
    key
      .command("create <name>")
      .summary("make a key, which is shown once")
      .option("--scope <scope>", "what it may do, such as task:read; may be repeated", collect)
      .option("--for <duration>", "how long it is good, such as 30d; for ever otherwise")
      .option("--project <project>", "bind it to a project, by its id"),
    ["taskyard key create ci --scope task:write --for 90d", "taskyard key create laptop --scope task:read --quiet"],
    () => import("./create.ts"),
  );
  define(
    key.command("list").summary("list keys").option("--all", "also those that were revoked"),
    ["taskyard key list"],
    () => import("./list.ts"),
  );
  define(
    key.command("revoke <key>").summary("end a key, by its name or id").option("-y, --yes", "do not ask"),
    ["taskyard key revoke ci"],
    () => import("./revoke.ts"),
  );
}
