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
