import type { Command } from "@commander-js/extra-typings";
import { collect, define } from "../define.ts";

/** Commands about webhooks. */
export function addCommands(webhook: Command): void {
  webhook.description("Webhooks of the organization, and what was delivered to them.");
  define(
    webhook
      .command("create <target>")
      .summary("post events to a URL; its secret is shown once")
      .option("--event <event>", "an event, such as evaluation.completed; may be repeated, all otherwise", collect),
    ["taskyard webhook create https://hooks.example.com/taskyard --event evaluation.completed"],
    () => import("./create.ts"),
  );
  define(webhook.command("list").summary("list webhooks"), ["taskyard webhook list"], () => import("./list.ts"));
  define(
    webhook
      .command("deliveries <webhook>")
      .summary("list what was delivered, newest first")
      .option("--state <state>", "pending, delivered or undelivered"),
    ["taskyard webhook deliveries 01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001 --state undelivered"],
    () => import("./deliveries.ts"),
  );
  define(
    webhook.command("replay <webhook> <delivery>").summary("deliver an event again"),
    ["taskyard webhook replay $WEBHOOK $DELIVERY"],
    () => import("./replay.ts"),
  );
  define(
    webhook.command("rotate <webhook>").summary("give it another secret, which is shown once"),
    ["taskyard webhook rotate $WEBHOOK"],
    () => import("./rotate.ts"),
  );
  define(
    webhook.command("rm <webhook>").summary("delete a webhook").option("-y, --yes", "do not ask"),
    ["taskyard webhook rm $WEBHOOK"],
    () => import("./rm.ts"),
  );
}
