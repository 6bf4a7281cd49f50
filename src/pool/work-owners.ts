import { RUN_WORK } from "../runs/run-work.ts";
import { ENVIRONMENT_WORK } from "../sandbox/runner/environment-work.ts";
import type { WorkKind } from "./pool-protocol.ts";
import type { WorkOwner } from "./work.ts";

/** Who stands behind each kind of work. */
export const WORK_OWNERS: Record<WorkKind, WorkOwner> = { run: RUN_WORK, environment: ENVIRONMENT_WORK };
