import { printAgentLines } from "./agent-lines.ts";
import { printCounts } from "./counts.ts";
import { printFaults } from "./faults.ts";
import { printIdle } from "./idle.ts";
import type { LoadGenerator } from "./load-generator.ts";
import type { System } from "./systems.ts";

/** What a measurement that is made once has to hand. */
export interface SingleContext {
  readonly systems: readonly System[];
  readonly load: LoadGenerator;
  /** Temporary, of the whole benchmark. */
  readonly folder: string;
  /** The bundled Worker. */
  readonly script: string;
  readonly faultEntries: number;
  readonly signal: AbortSignal;
}

/** What is shown once and not timed in rounds. */
export const SINGLES: readonly { name: string; run: (context: SingleContext) => Promise<void> }[] = [
  { name: "counts", run: printCounts },
  { name: "faults", run: printFaults },
  { name: "idle", run: printIdle },
  { name: "agent", run: printAgentLines },
];
