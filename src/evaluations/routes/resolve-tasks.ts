import { PASS_THRESHOLD } from "../../environments/verification/check.ts";
import { and, eq, sql } from "drizzle-orm";
import type { Caller } from "../../auth/caller.ts";
import type { Database } from "../../db/client.ts";
import { longestHealthSeconds } from "../../db/harbor-settings.ts";
import { organizations, registryTasks, registryVersions } from "../../db/schema.ts";
import type { ErrorItem } from "../../http/errors/error-table.ts";
import type { PlannedTask } from "../model/plan.ts";

/** Statements of one round trip to D1. */
const BATCH = 50;

/** Seconds of an agent and of provisioning where the task says nothing. */
const AGENT_SECONDS = 600;
const PROVISION_SECONDS = 600;

/** A row of the evaluation: a reference, and the values of its placeholders. */
export interface TaskRow {
  reference: string;
  inputs: Record<string, unknown>;
  /** Where it stands in the request. */
  loc: (string | number)[];
}

/** What the evaluation says of all of its tasks, in place of what they say; null where it leaves that to them. */
export interface TaskRules {
  agentSeconds: number | null;
  mostSeconds: number | null;
  passThreshold: number | null;
  timeoutsMayPass: boolean | null;
  needsSolution: boolean;
}

/** The version that a reference means; several where it could be any of these. */
type Found = Awaited<ReturnType<typeof select>>[number];

/**
 * Fixes the versions of an evaluation's tasks, each reference once, in as few round trips as D1 allows. `problems` names every
 * task that cannot be evaluated.
 */
export async function planTasks(
  db: Database,
  caller: Caller,
  rows: readonly TaskRow[],
  rules: TaskRules,
): Promise<{ tasks: PlannedTask[]; problems: ErrorItem[] }> {
  const references = [...new Set(rows.map(({ reference }) => reference))];
  const found = new Map<string, Found[]>();
  for (let from = 0; from < references.length; from += BATCH) {
    const part = references.slice(from, from + BATCH);
    const [first, ...others] = part.map((reference) => select(db, caller, reference));
    if (!first) continue;
    const answers = await db.batch([first, ...others]);
    for (const [index, reference] of part.entries()) found.set(reference, answers[index] ?? []);
  }
  const tasks: PlannedTask[] = [];
  const problems: ErrorItem[] = [];
  for (const { reference, inputs, loc } of rows) {
    const versions = preferOwn(found.get(reference) ?? [], caller);
    const [version] = versions;
    const problem = describeProblem(reference, versions, rules);
    if (problem) problems.push({ loc, ...problem });
    else if (version) tasks.push(toPlanned(version, inputs, rules));
  }
  return { tasks, problems };
}

/** Of a name without an organization the caller's own task comes before public ones (A1). */
function preferOwn(found: readonly Found[], caller: Caller): readonly Found[] {
  const own = found.filter(({ organizationKey }) => organizationKey === caller.organizationKey);
  return own.length > 0 ? own : found;
}

/** The versions that a reference may mean to the caller: of its own tasks, and of public ones. */
function select(db: Database, caller: Caller, reference: string) {
  const [path = "", wanted = "latest"] = reference.split("@");
  const [name = "", org] = path.split("/").toReversed();
  const isLatest = eq(registryVersions.id, registryTasks.latestVersionId);
  const isWanted = and(eq(registryVersions.taskId, registryTasks.id), eq(registryVersions.version, wanted));
  const visible = sql`(${registryTasks.organizationId} = ${caller.organizationId} OR ${registryTasks.isPublic} = 1)`;
  return db
    .select({
      organizationKey: sql<string>`${organizations.key}`.as("owner_key"),
      name: registryTasks.name,
      version: registryVersions.version,
      method: sql<string | null>`${registryVersions.verification} ->> '$.method'`.as("method"),
      where: sql<string | null>`${registryVersions.verification} ->> '$.where'`.as("place"),
      timeout: sql<number | null>`${registryVersions.verification} ->> '$.timeout'`.as("timeout"),
      passThreshold: sql<number | null>`${registryVersions.verification} ->> '$.pass_threshold'`.as("pass_threshold"),
      timeoutsMayPass: sql<number | null>`${registryVersions.verification} ->> '$.timeouts_may_pass'`.as(
        "timeouts_may_pass",
      ),
      hasSolution: sql<number>`${registryVersions.solution} IS NOT NULL`.as("has_solution"),
      provision: registryVersions.provision,
      harbor: registryVersions.harbor,
    })
    .from(registryTasks)
    .innerJoin(organizations, eq(organizations.id, registryTasks.organizationId))
    .innerJoin(registryVersions, wanted === "latest" ? isLatest : isWanted)
    .where(and(eq(registryTasks.name, name), visible, org === undefined ? undefined : eq(organizations.key, org)))
    .limit(3);
}

function describeProblem(
  reference: string,
  versions: readonly Found[],
  rules: TaskRules,
): Pick<ErrorItem, "msg" | "type"> | undefined {
  const [version, ...others] = versions;
  if (!version) return { type: "task_not_found", msg: `There is no task '${reference}' here.` };
  if (others.length > 0) {
    const names = versions.map(({ organizationKey, name }) => `${organizationKey}/${name}`).join(", ");
    return { type: "task_ambiguous", msg: `'${reference}' is several public tasks: use one of ${names}.` };
  }
  const { method, where, hasSolution, harbor } = version;
  if (method === null)
    return { type: "no_verification", msg: `'${reference}' has no verification: nothing could be said of an agent.` };
  if (where === "agent") {
    return {
      type: "not_verifiable",
      msg: `'${reference}' is verified where its agent is, which is not possible here.`,
    };
  }
  if (method.endsWith("judge")) {
    return { type: "not_verifiable", msg: `'${reference}' needs the word of a judge, which Taskyard does not ask.` };
  }
  if (rules.needsSolution && hasSolution === 0 && harbor === null) {
    return { type: "no_solution", msg: `'${reference}' has no solution for the oracle to carry out.` };
  }
  return undefined;
}

function toPlanned(
  { organizationKey, name, version, timeout, passThreshold, timeoutsMayPass, provision, harbor }: Found,
  inputs: Record<string, unknown>,
  rules: TaskRules,
): PlannedTask {
  const own = harbor?.agent.timeout_sec ?? AGENT_SECONDS;
  const { build_timeout_sec: buildSeconds, healthcheck } = harbor?.environment ?? {};
  const healthSeconds = healthcheck ? longestHealthSeconds(healthcheck) : 0;
  return {
    ref: `${organizationKey}/${name}@${version}`,
    organizationKey,
    name,
    version,
    inputs,
    agentSeconds: Math.min(rules.agentSeconds ?? own, rules.mostSeconds ?? Infinity),
    verifierSeconds: harbor?.verifier.timeout_sec ?? timeout ?? PROVISION_SECONDS,
    provisionSeconds: (buildSeconds ?? provision?.timeout ?? 0) + healthSeconds + PROVISION_SECONDS,
    passThreshold: rules.passThreshold ?? passThreshold ?? PASS_THRESHOLD,
    timeoutsMayPass: rules.timeoutsMayPass ?? timeoutsMayPass === 1,
  };
}
