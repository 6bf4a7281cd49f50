import type { organizations, registryTasks, registryVersions } from "../../db/schema.ts";
import type { TaskDetail, TaskSummary } from "../registry-schemas.ts";

type Organization = Pick<typeof organizations.$inferSelect, "id" | "key">;
type Task = Pick<typeof registryTasks.$inferSelect, "name" | "isPublic" | "updatedAt">;
type Version = typeof registryVersions.$inferSelect;

/** The columns of a version that a summary shows; lists fetch no others. */
export type SummaryColumns = Pick<
  Version,
  | "id"
  | "version"
  | "fileSize"
  | "ociDigest"
  | "createdAt"
  | "description"
  | "difficulty"
  | "author"
  | "license"
  | "source"
  | "tags"
  | "ports"
  | "verification"
>;

export interface SummaryRow {
  organization: Organization;
  task: Task;
  version: SummaryColumns;
}

export interface DetailRow extends SummaryRow {
  version: Version;
}

/** A2 TaskSummary. Whoever reads it, it carries no plaintext flag: lists are for choosing, the detail is for owners. */
export function toTaskSummary({ organization, task, version }: SummaryRow): TaskSummary {
  return {
    id: version.id,
    name: task.name,
    version: version.version,
    org_key: organization.key,
    organization_id: organization.id,
    is_public: task.isPublic,
    file_size: version.fileSize,
    created_at: version.createdAt.toISOString(),
    template_status: "ready",
    sandbox_provider: "docker",
    description: version.description,
    difficulty: version.difficulty,
    author: version.author,
    license: version.license,
    source: version.source,
    tags: version.tags,
    ports: version.ports,
    oci_digest: version.ociDigest,
    verification: withoutFlag(version.verification),
  };
}

/**
 * A2 TaskDetail. `canSeeWithheld`: the reader has task:write in the owning organization; others get neither the
 * solution nor a plaintext flag (A5, leak risk).
 */
export function toTaskDetail(row: DetailRow, canSeeWithheld: boolean): TaskDetail {
  const { task, version } = row;
  const changed = Math.max(task.updatedAt.getTime(), version.updatedAt.getTime());
  return {
    ...toTaskSummary(row),
    sha256: version.sha256,
    updated_at: new Date(changed).toISOString(),
    created_by: version.createdBy,
    instruction: version.instruction,
    repository: version.repository,
    provision: version.provision,
    teardown: version.teardown,
    solution: canSeeWithheld ? version.solution : null,
    verification: canSeeWithheld ? version.verification : withoutFlag(version.verification),
  };
}

function withoutFlag(verification: Version["verification"]): Version["verification"] {
  if (verification === null) return null;
  const { value: _flag, ...rest } = verification;
  return rest;
}
