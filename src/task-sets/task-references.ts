import { sql } from "drizzle-orm";
import type { Caller } from "../auth/caller.ts";
import type { Database } from "../db/client.ts";
import { organizations, registryTasks, registryVersions } from "../db/schema.ts";
import { ApiError, type ErrorItem } from "../http/errors/error-table.ts";

/** Problems that one answer names. */
const MAX_PROBLEMS = 100;

/** Tasks that references without an organization may mean, in all: past it somebody has published very many. */
const MAX_CANDIDATES = 10_000;

interface Wanted {
  org: string | null;
  name: string;
  /** Null for the latest. */
  version: string | null;
}

interface Candidate {
  position: number;
  owner: string;
  /** Whether the task has the version that is meant. */
  has: number;
}

/** `[org/]name[@version]` in its parts (A1). */
export function readTaskReference(reference: string): Wanted {
  const [path = "", version = "latest"] = reference.split("@");
  const [name = "", org = null] = path.split("/").toReversed();
  return { org, name, version: version === "latest" ? null : version };
}

/**
 * The references of a set as it keeps them: each with its organization, so that it means the same task to whoever reads it.
 * One round trip. Throws `validation_failed`, which names every task that is not there for the caller, is several, or stands
 * there twice.
 */
export async function qualifyTasks(db: Database, caller: Caller, references: readonly string[]): Promise<string[]> {
  const wanted = references.map(readTaskReference);
  const candidates = Map.groupBy(await findCandidates(db, caller, wanted), ({ position }) => position);
  const qualified: string[] = [];
  const problems: ErrorItem[] = [];
  const seen = new Set<string>();
  for (const [index, { name, version }] of wanted.entries()) {
    const reference = references[index] ?? "";
    const found = preferOwn(candidates.get(index) ?? [], caller);
    const problem = describeProblem(reference, name, found);
    const full = `${found[0]?.owner ?? ""}/${name}${version === null ? "" : `@${version}`}`;
    if (problem) problems.push({ loc: ["body", "tasks", index], ...problem });
    else if (seen.has(full)) {
      problems.push({ loc: ["body", "tasks", index], type: "task_twice", msg: `'${full}' is in the set already.` });
    } else {
      seen.add(full);
      qualified.push(full);
    }
  }
  const [first] = problems;
  if (!first) return qualified;
  const more = problems.length > 1 ? ` (${problems.length} problems in all)` : "";
  throw new ApiError("validation_failed", `${first.msg}${more}`, { errors: problems.slice(0, MAX_PROBLEMS) });
}

function preferOwn(found: readonly Candidate[], caller: Caller): readonly Candidate[] {
  const own = found.filter(({ owner }) => owner === caller.organizationKey);
  return own.length > 0 ? own : found;
}

function describeProblem(
  reference: string,
  name: string,
  found: readonly Candidate[],
): Pick<ErrorItem, "msg" | "type"> | undefined {
  const [task, ...others] = found;
  if (!task) return { type: "task_not_found", msg: `There is no task '${reference}' here.` };
  if (others.length > 0) {
    const names = found.slice(0, 5).map(({ owner }) => `${owner}/${name}`);
    return { type: "task_ambiguous", msg: `'${reference}' is several public tasks: use one of ${names.join(", ")}.` };
  }
  if (task.has === 0)
    return { type: "task_not_found", msg: `Task '${task.owner}/${name}' has no such version: '${reference}'.` };
  return undefined;
}

/** The tasks that references may mean: the caller's own, and public ones. All travel as one parameter. */
async function findCandidates(db: Database, caller: Caller, wanted: readonly Wanted[]): Promise<Candidate[]> {
  const among = (condition: ReturnType<typeof sql>) => sql`
    SELECT wanted.key AS position, ${organizations.key} AS owner,
      (wanted.value ->> 'version' IS NULL OR EXISTS (
        SELECT 1 FROM ${registryVersions}
        WHERE ${registryVersions.taskId} = ${registryTasks.id} AND ${registryVersions.version} = wanted.value ->> 'version'
      )) AS has
    FROM json_each(${JSON.stringify(wanted)}) AS wanted
    INNER JOIN ${registryTasks} ON ${registryTasks.name} = wanted.value ->> 'name' AND ${condition}
      AND ${registryTasks.latestVersionId} IS NOT NULL
    INNER JOIN ${organizations} ON ${organizations.id} = ${registryTasks.organizationId}
      AND (wanted.value ->> 'org' IS NULL OR ${organizations.key} = wanted.value ->> 'org')`;
  const own = among(sql`${registryTasks.organizationId} = ${caller.organizationId}`);
  const others = among(
    sql`${registryTasks.isPublic} = 1 AND ${registryTasks.organizationId} <> ${caller.organizationId}`,
  );
  return db.all<Candidate>(sql`${own} UNION ALL ${others} LIMIT ${MAX_CANDIDATES}`);
}
