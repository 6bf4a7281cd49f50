import { printAgentLines } from "./agent-lines.ts";
import { printCounts } from "./counts.ts";
import { printFaults } from "./faults.ts";
import { printIdle } from "./idle.ts";
import type { SingleContext } from "./single-context.ts";

/** What is shown once and not timed in rounds. */
export const SINGLES: readonly { name: string; run: (context: SingleContext) => Promise<void> }[] = [
  { name: "counts", run: printCounts },
  { name: "faults", run: printFaults },
  { name: "idle", run: printIdle },
  { name: "agent", run: printAgentLines },
];
