import type { IdentityName } from "./identities.ts";
import { type Operation, PUBLIC_OPERATIONS } from "./operations.ts";
import { scopeOf } from "./identities.ts";

/** What a request is answered with as the document says: a refusal, as for no key at all, or what it says without one. */
export type Expected = { refused: Refusal } | { admitted: string } | "as anyone";

/** How each family names what authorization refuses. */
export const REFUSALS = {
  key_required: { status: 401, type: "authentication_error", agentCode: "not_authenticated" },
  key_invalid: { status: 401, type: "authentication_error", agentCode: "authentication_failed" },
  key_inactive: { status: 401, type: "authentication_error", agentCode: "authentication_failed" },
  key_revoked: { status: 401, type: "authentication_error", agentCode: "authentication_failed" },
  key_expired: { status: 401, type: "expired_token_error", agentCode: "authentication_failed" },
  token_invalid: { status: 401, type: "token_error", agentCode: "authentication_failed" },
  scope_missing: { status: 403, type: "forbidden_error", agentCode: "permission_denied" },
  forbidden: { status: 403, type: "forbidden_error", agentCode: "permission_denied" },
  not_found: { status: 404, type: "not_found_error", agentCode: "not_found" },
};
export type Refusal = keyof typeof REFUSALS;

const OWN = "names no organization: answers for the key's own";

/** Operations that answer for the key itself, each with the reason. */
const OF_THE_KEY: Record<string, string> = {
  getAccount: OWN,
  listOwnOrganizations: OWN,
  createOwnApiKey: OWN,
  revokeOwnApiKey: OWN,
  getAgentCaller: OWN,
  getAgentApiKey: OWN,
  ociGetBase: OWN,
  uploadCoreDocument: "stores a document in the key's own project; a task that it names is looked for there",
};

/** Operations that a valid key of another organization is not refused, each with the reason. */
const FOREIGN: Record<string, string> = {
  createOrganization: "an administrator of any organization makes further ones",
  ...OF_THE_KEY,
};

const REGISTRY = "the registry is the organization's: every key with task:read reads it";

const SECRETS = "secrets are the organization's: every key with secret:read gives them to environments of its project";

/** Operations that a key bound to another project is not refused, each with the reason. */
const OTHER_PROJECT: Record<string, string> = {
  getOrganization: "the organization is the key's own",
  listWorkspaces: "lists the workspace of the key's project only",
  listTasks: REGISTRY,
  listTaskFacets: REGISTRY,
  getTask: REGISTRY,
  listTaskVersions: REGISTRY,
  getTaskVersion: REGISTRY,
  getTaskInstruction: REGISTRY,
  listTaskFiles: REGISTRY,
  readTaskFile: REGISTRY,
  readTaskReadme: REGISTRY,
  downloadTaskArchive: REGISTRY,
  readBlob: REGISTRY,
  readTaskBlob: REGISTRY,
  pullManifest: REGISTRY,
  listTags: REGISTRY,
  listReferrers: REGISTRY,
  ociReadTaskBlob: REGISTRY,
  ociPullManifest: REGISTRY,
  ociListTags: REGISTRY,
  ociListReferrers: REGISTRY,
  listTaskSets: REGISTRY,
  listTaskSetFacets: REGISTRY,
  getTaskSet: REGISTRY,
  getTaskSetVersion: REGISTRY,
  listTaskSetVersions: REGISTRY,
  listSecrets: SECRETS,
  getSecret: SECRETS,
  ...OF_THE_KEY,
};

/** Operations that refuse a key of a scope that they take, for another reason. */
const ANY_SCOPE: Record<string, Expected> = {
  createOwnApiKey: { refused: "forbidden" },
};

const refused = (refusal: Refusal): Expected => ({ refused: refusal });

function foreign(reasons: Record<string, string>, { operation }: Operation): Expected {
  const admitted = reasons[operation.operationId];
  return admitted === undefined ? refused("not_found") : { admitted };
}

function byRunToken(kind: "stream" | "events" | "agent") {
  return ({ operation }: Operation): Expected =>
    operation["x-run-token"] === kind ? { admitted: "the run's own token" } : refused("key_invalid");
}

const BY_IDENTITY: Record<IdentityName, (operation: Operation) => Expected> = {
  "no key": () => refused("key_required"),
  "a key of nonsense": () => refused("key_invalid"),
  "a key that was never made": () => refused("key_invalid"),
  "a revoked key": () => refused("key_revoked"),
  "a key that is switched off": () => refused("key_inactive"),
  "an expired key": () => refused("key_expired"),
  "a key of the wrong scope": (operation) =>
    scopeOf(operation)
      ? refused("scope_missing")
      : (ANY_SCOPE[operation.operation.operationId] ?? { admitted: "any valid key will do" }),
  "another organization's key": (operation) => foreign(FOREIGN, operation),
  "another project's key": (operation) =>
    operation.operation["x-project-keys"] === "refused" ? refused("forbidden") : foreign(OTHER_PROJECT, operation),
  "a token of the run's stream": byRunToken("stream"),
  "a token of the run's events": byRunToken("events"),
  "a token of the run's agent": byRunToken("agent"),
  // A stream's token that is not for the run of the path is no way in, and no key either.
  "a token of another run": ({ operation }) =>
    refused(["events", "agent", "environment"].includes(operation["x-run-token"] ?? "") ? "forbidden" : "key_invalid"),
  "an environment's token in place of a key": () => refused("key_invalid"),
  "a key with another environment's token": ({ operation }) =>
    operation.parameters?.some(({ name }) => name === "X-Environment-Token")
      ? refused("token_invalid")
      : { admitted: "no environment's token is asked for: the key alone decides" },
};

/** What the document says of an operation and who calls it. */
export function expectedOf(identity: IdentityName, operation: Operation): Expected {
  return operation.operation.operationId in PUBLIC_OPERATIONS ? "as anyone" : BY_IDENTITY[identity](operation);
}

/** Reasons that name an operation which the document does not have, or which nothing was decided by. */
export const EXCEPTIONS = [FOREIGN, OTHER_PROJECT, ANY_SCOPE].flatMap((list) => Object.keys(list));
