import type { Caller } from "../auth/caller.ts";
import type { Database } from "../db/client.ts";
import { findSet, findSetsNamed } from "./task-set-store.ts";

/** A version of a set with its tasks, or why there is none for the caller. */
export type ResolvedTaskSet =
  | {
      ok: true;
      /** `org/name@version`: another time it means the same. */
      ref: string;
      /** `org/name`, with `@version` where the set fixes it, in the order of the set. */
      tasks: string[];
    }
  | { ok: false; type: "task_set_not_found" | "task_set_ambiguous"; msg: string };

/** `[org/]name[@version]`; a version is a whole number, or `latest`. */
const TASK_SET_REFERENCE = /^(?:[a-z0-9][a-z0-9-]{0,62}\/)?[a-z0-9][a-z0-9-]{0,127}(?:@(?:latest|[1-9]\d{0,8}))?$/;

/**
 * The tasks of the set that a reference names, for whoever evaluates them. Of a name without an organization the caller's own
 * set comes before a public one. One round trip.
 */
export async function resolveTaskSet(db: Database, caller: Caller, reference: string): Promise<ResolvedTaskSet> {
  const [path = "", version = "latest"] = reference.split("@");
  const [name = "", org] = path.split("/").toReversed();
  const [row, other] = TASK_SET_REFERENCE.test(reference) ? await findSets(db, caller, org, name, version) : [];
  if (row === undefined) {
    return { ok: false, type: "task_set_not_found", msg: `There is no task set '${reference}' here.` };
  }
  if (other !== undefined && row.org !== caller.organizationKey) {
    const msg = `'${reference}' is several public task sets: say which, as ${row.org}/${name} or ${other.org}/${name}.`;
    return { ok: false, type: "task_set_ambiguous", msg };
  }
  return { ok: true, ref: `${row.org}/${name}@${row.version}`, tasks: row.tasks };
}

async function findSets(db: Database, caller: Caller, org: string | undefined, name: string, version: string) {
  return org === undefined
    ? findSetsNamed(db, caller, name, version)
    : [await findSet(db, caller, { org, name }, version)];
}
