import { z } from "@hono/zod-openapi";
import type { RunnerStatus } from "./runner-pool.ts";
import type { Work } from "./work.ts";

/** Why work is not with a runner yet, as programs tell the cases apart. */
const WAIT_REASONS = [
  "no_runner_ever",
  "no_runner_connected",
  "no_runner_with_labels",
  "no_runner_with_capabilities",
  "no_runner_of_kind",
  "runners_busy",
  "offered",
] as const;

/** What an environment or a run waits for, in its answers. */
export const waitingFor = z
  .object({
    reason: z.enum(WAIT_REASONS).openapi({
      description:
        "What is missing: any runner, one with the labels, one that takes environments or runs, one that is able to do it, a free slot; `offered`: nothing, " +
        "a runner was asked",
    }),
    since: z.iso.datetime().openapi({ description: "When it was queued" }),
    labels: z.array(z.string()).openapi({ description: "Labels that its runner has to have" }),
    capabilities: z.array(z.string()).openapi({
      description:
        "What its runner has to be able to do: `container` and `compose` are engines for the task's own image",
    }),
    detail: z.string().openapi({ description: "For people: what is waited for, and what to do about it" }),
  })
  .openapi("WaitingFor", {
    example: {
      reason: "no_runner_ever",
      since: "2026-11-01T09:30:00.000Z",
      labels: [],
      capabilities: [],
      detail: "No runner has ever connected. Start one with `npm run runner -- --url URL --org ORG`: docs/runner.md.",
    },
  });

export type WaitingFor = z.output<typeof waitingFor>;

type Runner = Pick<RunnerStatus, "labels" | "capabilities" | "kinds" | "slots" | "busy" | "connected">;

/** Why queued work waits, from the runners that its organization has at the moment. */
export function explainWait(
  { kind, labels, capabilities, queuedAt }: Pick<Work, "kind" | "labels" | "capabilities"> & { queuedAt: number },
  runners: readonly Runner[],
  everUsed: boolean,
): WaitingFor {
  const say = (reason: WaitingFor["reason"], detail: string): WaitingFor => ({
    reason,
    since: new Date(queuedAt).toISOString(),
    labels: [...labels],
    capabilities: [...capabilities],
    detail,
  });
  const start = `npm run runner -- --url URL --org ORG${labels.length === 0 ? "" : ` --labels ${labels.join(",")}`}${
    kind === "run" ? " --agent PROGRAM" : ""
  }`;
  const connected = runners.filter((runner) => runner.connected);
  if (connected.length === 0) {
    return everUsed
      ? say("no_runner_connected", `No runner is connected now. Start one with \`${start}\`: docs/runner.md.`)
      : say("no_runner_ever", `No runner has ever connected. Start one with \`${start}\`: docs/runner.md.`);
  }
  const ofKind = connected.filter(({ kinds }) => kinds.includes(kind));
  if (ofKind.length === 0) {
    return say("no_runner_of_kind", `None of the ${connected.length} connected runners takes ${kind}s: \`${start}\`.`);
  }
  const labelled = ofKind.filter((runner) => labels.every((label) => runner.labels.includes(label)));
  if (labelled.length === 0) {
    const wanted = `labels ${labels.join(", ")}`;
    return say("no_runner_with_labels", `No connected runner that takes ${kind}s has the ${wanted}: \`${start}\`.`);
  }
  const fitting = labelled.filter((runner) => capabilities.every((word) => runner.capabilities.includes(word)));
  if (fitting.length === 0) {
    return say("no_runner_with_capabilities", `${describeMissing(capabilities)}: docs/runner.md.`);
  }
  const slots = fitting.reduce((sum, runner) => sum + runner.slots, 0);
  const busy = fitting.reduce((sum, runner) => sum + runner.busy, 0);
  if (fitting.every((runner) => runner.busy >= runner.slots)) {
    return say("runners_busy", `${busy} of the ${slots} slots of the runners that may take it are taken.`);
  }
  return say("offered", "It is offered to a runner that has a free slot.");
}

function describeMissing(capabilities: readonly string[]): string {
  const engine = "Docker or Podman on its machine";
  return capabilities.includes("compose")
    ? `The task has several services (docker-compose.yaml), and none of the runners that may take it has ${engine} with compose`
    : `The task runs in a container of its own, and none of the runners that may take it has ${engine}`;
}
