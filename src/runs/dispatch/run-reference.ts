import { z } from "zod";
import type { Work } from "../../pool/work.ts";
import type { RunRow } from "../model/run-view.ts";

/** What the pool keeps of a run to find it again by. */
export const runReference = z.object({
  runId: z.string(),
  scope: z.object({ organizationId: z.string(), projectNumber: z.int(), taskId: z.string() }),
});

const runnerLabels = z.array(z.string());

/** One attempt at a run as the pool knows it; the labels that its runner has to have stand in the run's state. */
export function toRunWork(run: RunRow, attempt: number): Work {
  const { id: runId, organizationId, projectNumber, taskId } = run;
  const labels = runnerLabels.safeParse(run.state["runner_labels"]);
  return {
    id: `${runId}.${attempt}`,
    kind: "run",
    labels: labels.success ? labels.data : [],
    capabilities: [],
    reference: { runId, scope: { organizationId, projectNumber, taskId } },
  };
}

/** The attempt that a piece of work is, by its id. */
export function attemptOf({ id }: Pick<Work, "id">): number {
  return Number(id.slice(id.lastIndexOf(".") + 1));
}
