import type { registryVersions } from "../../db/schema.ts";

/** What a version takes from the file that describes its task, whichever format that has. */
export type VersionFields = Pick<
  typeof registryVersions.$inferInsert,
  | "description"
  | "difficulty"
  | "author"
  | "license"
  | "source"
  | "repository"
  | "instruction"
  | "tags"
  | "ports"
  | "provision"
  | "teardown"
  | "solution"
  | "verification"
  | "harbor"
>;
