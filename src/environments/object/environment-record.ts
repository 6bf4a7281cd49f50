import type { environments } from "../../db/schema.ts";
import type { SandboxLimits, SandboxTask } from "../../sandbox/port.ts";
import type { SealedSecret } from "../../secrets/secret-store.ts";
import { type Inputs, missingServices, resolveInstruction, type Services, templateVariables } from "../instruction.ts";

export type EnvironmentRow = typeof environments.$inferSelect;

/** What an environment's object knows: its row, and what is nobody else's business. */
export interface EnvironmentRecord {
  row: EnvironmentRow;
  task: SandboxTask;
  /** The instruction as it was published, and what its placeholders are filled with. */
  template: string | null;
  inputs: Inputs;
  /** What its machine has to have, where machines are chosen from (docs/runner.md). */
  labels: string[];
  /**
   * Its secrets as they were when it was made, encrypted; gone with its sandbox. Environments from before there were any have
   * none.
   */
  secrets?: readonly SealedSecret[];
  /**
   * Whether lists may show it some seconds late while it lives: that of an evaluation's item, of which there are thousands,
   * often has ended by then and costs one write less.
   */
  isShownLate?: boolean;
  /** SHA-256 in hex of the tokens that open it, oldest first. */
  tokenHashes: string[];
  /** The longest that it may live in all, in milliseconds since 1970. */
  latestExpiry: number;
}

/** Why an environment ends. */
export type EndReason = NonNullable<EnvironmentRow["endReason"]>;

/** Characters of an error that are kept. */
const ERROR_MAX_LENGTH = 2_000;

/** The states of its sandbox that a list filters by (A3: running, paused, killed). */
export const SANDBOX_STATES = {
  running: ["building", "provisioning", "ready"],
  paused: ["paused"],
  killed: ["torn_down", "failed"],
} as const;

export type SandboxState = keyof typeof SANDBOX_STATES;

export function sandboxStateOf({ state }: Pick<EnvironmentRow, "state">): SandboxState {
  if (state === "paused") return "paused";
  return state === "torn_down" || state === "failed" ? "killed" : "running";
}

/** Final: it has no sandbox any more. */
export function isOver(row: Pick<EnvironmentRow, "state">): boolean {
  return sandboxStateOf(row) === "killed";
}

/** What can be said of a task by those of its services that are there. */
export function describeTask(
  { template, inputs, task }: Pick<EnvironmentRecord, "template" | "inputs" | "task">,
  services: Services,
): Pick<EnvironmentRow, "instruction" | "warnings"> {
  const missing = task.services ? [] : missingServices(task.ports, services, inputs);
  const warning = `This sandbox starts no services: ${missing.join(", ")} of task.yaml. Pass their addresses as inputs (${missing
    .map((name) => `${name}_url`)
    .join(", ")}).`;
  return {
    instruction: template === null ? null : resolveInstruction(template, templateVariables(services, inputs)),
    warnings: missing.length === 0 ? [] : [warning],
  };
}

/** The record changed by `change`, as the next revision. */
function change(record: EnvironmentRecord, changed: Partial<EnvironmentRow>): EnvironmentRecord {
  return { ...record, row: { ...record.row, ...changed, revision: record.row.revision + 1 } };
}

/** On the way to `ready`: whether an image is being built. */
export function changeState(record: EnvironmentRecord, state: "building" | "provisioning"): EnvironmentRecord {
  return change(record, { state });
}

/** Commands can run. */
export function becomeReady(record: EnvironmentRecord, services: Services, limits?: SandboxLimits): EnvironmentRecord {
  return change(record, {
    state: "ready",
    serviceUrls: services,
    limits: limits ?? null,
    ...describeTask(record, services),
  });
}

export function becomeFailed(record: EnvironmentRecord, reason: string, now: number): EnvironmentRecord {
  const error = reason.slice(0, ERROR_MAX_LENGTH);
  return change(record, { state: "failed", serviceUrls: null, error, endedAt: new Date(now) });
}

export function becomeTornDown(record: EnvironmentRecord, endReason: EndReason, now: number): EnvironmentRecord {
  return change(record, { state: "torn_down", serviceUrls: null, endReason, endedAt: new Date(now) });
}

/** Lives at least until `expiry`, as far as it may. */
export function prolong(record: EnvironmentRecord, expiry: number): EnvironmentRecord {
  const until = Math.max(record.row.expiresAt.getTime(), Math.min(expiry, record.latestExpiry));
  if (until === record.row.expiresAt.getTime()) return record;
  return change(record, { expiresAt: new Date(until) });
}
