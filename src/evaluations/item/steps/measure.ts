import type { StepWork } from "./step.ts";

/** Reads from the run's journal what its agent has used. */
export const measure: StepWork = () => Promise.resolve({ next: "verify" });
