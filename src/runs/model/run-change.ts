import type { ManifestItem, RunStatus } from "../../db/agent-schema.ts";
import type { RunRow } from "./run-view.ts";
import { isObject } from "../../json-bytes/json-extents.ts";
import { isTerminal, nextStatus } from "./run-status.ts";

/** What to change about a run; what is absent stays. */
export interface RunChange {
  status?: RunStatus | undefined;
  stage?: string | null | undefined;
  branch?: string | null | undefined;
  environment?: RunRow["environment"] | undefined;
  errorMessage?: string | null | undefined;
  /** Merged key by key when it and the present output are objects; replaces it otherwise (agent-tasks 4.2). */
  output?: unknown;
  /** Replaces the output, whatever either is (4.3). */
  outputReplacement?: unknown;
  /** Merged key by key. */
  state?: Record<string, unknown> | undefined;
  /** Keys of `state` that go, after the merge. */
  stateRemoveKeys?: readonly string[] | undefined;
  /** What the run's stream tells of the change beside its new state; the run itself does not keep it. */
  notification?: Record<string, unknown> | undefined;
  /** Manifest items to append in this order (7.2), each once; those that are in it already stay where they are. */
  artifacts?: readonly ManifestItem[] | undefined;
}

/** Keys of `state` that the server sets and clients cannot (4.2). */
const PROTECTED_STATE_KEYS: ReadonlySet<string> = new Set([
  "attempt",
  "failure",
  "github_credential_source",
  "pr_authorship_mode",
  "sandbox_id",
]);

const isFree = (key: string) => !PROTECTED_STATE_KEYS.has(key);

/** The change without what clients cannot say about the state (4.2). */
export function withoutProtectedState(change: RunChange): RunChange {
  const { state, stateRemoveKeys, ...rest } = change;
  return {
    ...rest,
    ...(state && { state: Object.fromEntries(Object.entries(state).filter(([key]) => isFree(key))) }),
    ...(stateRemoveKeys && { stateRemoveKeys: stateRemoveKeys.filter(isFree) }),
  };
}

function nextOutput(current: unknown, { output, outputReplacement }: RunChange): unknown {
  if (outputReplacement !== undefined) return outputReplacement;
  if (output === undefined) return current;
  return isObject(current) && isObject(output) ? { ...current, ...output } : output;
}

function nextState(current: RunRow["state"], { state, stateRemoveKeys = [] }: RunChange): RunRow["state"] {
  const gone = new Set(stateRemoveKeys);
  return Object.fromEntries(Object.entries({ ...current, ...state }).filter(([key]) => !gone.has(key)));
}

function nextArtifacts(current: readonly ManifestItem[], added: readonly ManifestItem[]): ManifestItem[] {
  const items = new Map(current.map((item) => [item.id, item]));
  for (const item of added) if (!items.has(item.id)) items.set(item.id, item);
  return [...items.values()];
}

/** The run after a change at `now` microseconds. `updatedAt` is later than before even when the clock went back. */
export function applyChange(run: RunRow, change: RunChange, now: number): RunRow {
  const updatedAt = Math.max(now, run.updatedAt + 1);
  const status = nextStatus(run.status, change.status ?? run.status);
  return {
    ...run,
    status,
    stage: change.stage === undefined ? run.stage : change.stage,
    branch: change.branch === undefined ? run.branch : change.branch,
    environment: change.environment ?? run.environment,
    errorMessage: change.errorMessage === undefined ? run.errorMessage : change.errorMessage,
    output: nextOutput(run.output, change),
    state: nextState(run.state, change),
    artifacts: change.artifacts ? nextArtifacts(run.artifacts, change.artifacts) : run.artifacts,
    updatedAt,
    completedAt: run.completedAt ?? (isTerminal(status) ? updatedAt : null),
  };
}
