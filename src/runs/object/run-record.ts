import { type DrizzleSqliteDODatabase, drizzle } from "drizzle-orm/durable-sqlite";
import { agentRuns, type RunStatus } from "../../db/agent-schema.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import type { RunOwner } from "../model/run-owner.ts";
import type { RunRow } from "../model/run-view.ts";
import { isTerminal } from "../model/run-status.ts";

/** The one row of a run in its object's SQLite. It has the columns of its projection in D1, which is a copy of it. */
export const RUN_SCHEMA: SchemaPart = {
  name: "run",
  steps: [
    `CREATE TABLE agent_runs (
       id TEXT PRIMARY KEY,
       task_id TEXT NOT NULL,
       organization_id TEXT NOT NULL,
       project_number INTEGER NOT NULL,
       status TEXT NOT NULL,
       environment TEXT NOT NULL,
       stage TEXT,
       branch TEXT,
       error_message TEXT,
       output TEXT,
       state TEXT NOT NULL,
       artifacts TEXT NOT NULL,
       created_by INTEGER,
       created_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL,
       completed_at INTEGER
     )`,
  ],
};

/** Bytes of JSON in a run at most: its row and its state entry must fit into the 2 MB of a row, in D1 as well. */
const RUN_MAX_BYTES = 1_500_000;

/** What a run begins with; `state`, `output` and the rest are kept as they are. */
export interface NewRun {
  id: string;
  status: RunStatus;
  environment: RunRow["environment"];
  stage: string | null;
  branch: string | null;
  errorMessage: string | null;
  output: unknown;
  state: Record<string, unknown>;
  /** What it takes over of the task's files. */
  artifacts: RunRow["artifacts"];
  /** `users.number` of who asked for the run. */
  createdBy: number | null;
}

/** The run that begins at `now` microseconds. */
export function beginRun(
  scope: Pick<RunRow, "organizationId" | "projectNumber" | "taskId">,
  init: NewRun,
  now: number,
): RunRow {
  const completedAt = isTerminal(init.status) ? now : null;
  return { ...init, ...scope, createdAt: now, updatedAt: now, completedAt };
}

/** Whether a run's JSON fits where it is stored. */
export function isStorable({ output, state, artifacts, errorMessage }: RunRow): boolean {
  return new TextEncoder().encode(JSON.stringify([output, state, artifacts, errorMessage])).length <= RUN_MAX_BYTES;
}

const OWNER = "owner";

export class RunRecord {
  readonly #db: DrizzleSqliteDODatabase;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#db = drizzle(storage);
    this.#storage = storage;
  }

  /** What the run was made for beside its task; undefined for most runs. */
  loadOwner(): RunOwner | undefined {
    return this.#storage.kv.get<RunOwner>(OWNER);
  }

  saveOwner(owner: RunOwner): void {
    this.#storage.kv.put(OWNER, owner);
  }

  /** The run as stored; undefined before its creation. */
  load(): RunRow | undefined {
    return this.#db.select().from(agentRuns).get();
  }

  save(run: RunRow): void {
    this.#db.insert(agentRuns).values(run).onConflictDoUpdate({ target: agentRuns.id, set: run }).run();
  }
}
