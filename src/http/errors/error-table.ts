/**
 * The one error table. A code names what went wrong inside Taskyard; each API family shows it in its own body
 * (`families.ts`). Contract: task-registry-and-environments A7, agent-tasks 1.3, workflow-files "Auth".
 */

/** `type` values of the registry's envelope (A7); stable, part of the contract. */
export const REGISTRY_ERROR_TYPES = [
  "already_exists_error",
  "app_error",
  "authentication_error",
  "conflict_error",
  "aws_error",
  "configuration_error",
  "database_error",
  "dynamodb_error",
  "e2b_error",
  "e2b_rate_limit_error",
  "expired_signature_error",
  "expired_token_error",
  "forbidden_error",
  "group_error",
  "invalid_error",
  "invalid_flag_error",
  "invalid_username_error",
  "mail_error",
  "member_exists_error",
  "member_limit_exceeded_error",
  "migration_lock_timeout_error",
  "not_found_error",
  "oauth_config_error",
  "org_sandbox_capacity_exceeded_error",
  "bad_gateway_error",
  "gateway_timeout_error",
  "s3_error",
  "server_error",
  "task_error",
  "stripe_error",
  "token_error",
  "upgrade_required_error",
  "usage_limit_exceeded_error",
  "user_verification_error",
  "validation_error",
] as const;

export type RegistryErrorType = (typeof REGISTRY_ERROR_TYPES)[number];

/** HTTP statuses of errors: A7's eleven, those that HTTP itself asks for (405, 408, 410, 411, 413, 415, 416), workflow files' 501. */
export const ERROR_STATUSES = [
  400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 415, 416, 422, 426, 429, 500, 501, 502, 503, 504,
] as const;

export type ErrorStatus = (typeof ERROR_STATUSES)[number];

interface ErrorRow {
  status: ErrorStatus;
  /** `type` in the registry's envelope. */
  type: RegistryErrorType;
  /**
   * How agent tasks show it: `type` and `code` of their envelope (1.3a), or the one key of their bare bodies (1.3b, c);
   * and the status where that family has another.
   */
  agent: ({ type: string; code: string } | { only: "error" | "detail" }) & { status?: ErrorStatus };
  /** What a client reads when the place that fails says nothing better. */
  detail: string;
}

const invalidRequest = (code: string) => ({ type: "invalid_request", code });
const authentication = (code: string) => ({ type: "authentication_error", code });

export const ERRORS = {
  malformed_json: {
    status: 400,
    type: "invalid_error",
    agent: invalidRequest("parse_error"),
    detail: "JSON parse error - the request body is not valid JSON.",
  },
  invalid_request: {
    status: 400,
    type: "invalid_error",
    agent: { type: "validation_error", code: "invalid_input" },
    detail: "The request cannot be carried out as it is.",
  },
  key_required: {
    status: 401,
    type: "authentication_error",
    agent: authentication("not_authenticated"),
    detail: "API key required: send it as Authorization: Bearer, as X-API-Key, or as Basic with the user __token__.",
  },
  key_invalid: {
    status: 401,
    type: "authentication_error",
    agent: authentication("authentication_failed"),
    detail: "Invalid API key.",
  },
  key_inactive: {
    status: 401,
    type: "authentication_error",
    agent: authentication("authentication_failed"),
    detail: "API key inactive: it is switched off.",
  },
  key_revoked: {
    status: 401,
    type: "authentication_error",
    agent: authentication("authentication_failed"),
    detail: "API key revoked.",
  },
  key_expired: {
    status: 401,
    type: "expired_token_error",
    agent: authentication("authentication_failed"),
    detail: "API key expired.",
  },
  scope_missing: {
    status: 403,
    type: "forbidden_error",
    agent: authentication("permission_denied"),
    detail: "API key missing required scope.",
  },
  forbidden: {
    status: 403,
    type: "forbidden_error",
    agent: authentication("permission_denied"),
    detail: "This key may not do that.",
  },
  not_found: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "Not found.",
  },
  unknown_path: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "Endpoint not found.",
  },
  method_not_allowed: {
    status: 405,
    type: "invalid_error",
    agent: invalidRequest("method_not_allowed"),
    detail: "Method not allowed.",
  },
  already_exists: {
    status: 409,
    type: "already_exists_error",
    agent: { type: "validation_error", code: "unique" },
    detail: "Already exists.",
  },
  member_exists: {
    status: 409,
    type: "member_exists_error",
    agent: { type: "validation_error", code: "unique" },
    detail: "The organization has a member of that name or address already.",
  },
  conflict: {
    status: 409,
    type: "conflict_error",
    agent: { type: "validation_error", code: "conflict" },
    detail: "The current state does not allow that.",
  },
  gone: {
    status: 410,
    type: "not_found_error",
    agent: invalidRequest("gone"),
    detail: "What was asked for is not kept any more.",
  },
  length_required: {
    status: 411,
    type: "invalid_error",
    agent: invalidRequest("length_required"),
    detail: "Content-Length is required.",
  },
  body_too_slow: {
    status: 408,
    type: "invalid_error",
    agent: invalidRequest("request_timeout"),
    detail: "The request body came too slowly: send it again, over a connection that is faster.",
  },
  body_too_large: {
    status: 413,
    type: "invalid_error",
    agent: invalidRequest("request_too_large"),
    detail: "The request body is too large.",
  },
  unsupported_media_type: {
    status: 415,
    type: "invalid_error",
    agent: invalidRequest("unsupported_media_type"),
    detail: "Unsupported media type in request: send Content-Type: application/json.",
  },
  range_not_satisfiable: {
    status: 416,
    type: "invalid_error",
    agent: invalidRequest("range_not_satisfiable"),
    detail: "The requested range lies outside the content.",
  },
  archive_refused: {
    status: 422,
    type: "task_error",
    agent: { type: "validation_error", code: "invalid_input" },
    detail: "The archive was refused; errors[] names each entry and the reason.",
  },
  validation_failed: {
    status: 422,
    type: "validation_error",
    agent: { type: "validation_error", code: "invalid_input", status: 400 },
    detail: "Request validation failed.",
  },
  name_unknown: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "No such task.",
  },
  blob_unknown: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "No such blob.",
  },
  blob_upload_unknown: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "No such upload: it has ended, or was never begun.",
  },
  blob_upload_invalid: {
    status: 416,
    type: "invalid_error",
    agent: invalidRequest("range_not_satisfiable"),
    detail: "The chunk does not begin where the upload ends.",
  },
  digest_invalid: {
    status: 400,
    type: "invalid_error",
    agent: invalidRequest("invalid_input"),
    detail: "The bytes have another digest than the request says, or it is none.",
  },
  size_invalid: {
    status: 400,
    type: "invalid_error",
    agent: invalidRequest("invalid_input"),
    detail: "The body is not as long as the request says.",
  },
  manifest_unknown: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "No such manifest.",
  },
  manifest_blob_unknown: {
    status: 404,
    type: "not_found_error",
    agent: invalidRequest("not_found"),
    detail: "The manifest names a blob that is not there: push it first.",
  },
  manifest_invalid: {
    status: 400,
    type: "task_error",
    agent: invalidRequest("invalid_input"),
    detail: "The manifest, or the archive that it names, was refused.",
  },
  upgrade_required: {
    status: 426,
    type: "upgrade_required_error",
    agent: invalidRequest("upgrade_required"),
    detail: "This client is too old.",
  },
  rate_limited: {
    status: 429,
    type: "usage_limit_exceeded_error",
    agent: { type: "throttled_error", code: "throttled" },
    detail: "Request was throttled.",
  },
  token_invalid: {
    status: 401,
    type: "token_error",
    agent: authentication("authentication_failed"),
    detail: "Invalid environment token: send the one that the environment was created with as X-Environment-Token.",
  },
  sandbox_capacity_exceeded: {
    status: 429,
    type: "org_sandbox_capacity_exceeded_error",
    agent: { type: "throttled_error", code: "sandbox_capacity_exceeded" },
    detail: "The organization has as many live environments as it may have.",
  },
  stream_capacity_exceeded: {
    status: 429,
    type: "usage_limit_exceeded_error",
    agent: { type: "throttled_error", code: "stream_capacity_exceeded" },
    detail: "The project has as many streams as it may have.",
  },
  sandbox_failed: {
    status: 502,
    type: "bad_gateway_error",
    agent: { type: "server_error", code: "sandbox_failed" },
    detail: "The environment's sandbox failed.",
  },
  member_limit_exceeded: {
    status: 429,
    type: "member_limit_exceeded_error",
    agent: { type: "throttled_error", code: "member_limit_exceeded" },
    detail: "The organization has as many members as it may have.",
  },
  request_refused: {
    status: 400,
    type: "invalid_error",
    agent: { only: "error" },
    detail: "The request cannot be carried out as things stand.",
  },
  artifact_not_found: {
    status: 404,
    type: "not_found_error",
    agent: { only: "error" },
    detail: "Artifact not found on this run",
  },
  reference_invalid: {
    status: 400,
    type: "invalid_error",
    agent: { only: "detail" },
    detail: "The request refers to something that is not there.",
  },
  state_conflict: {
    status: 409,
    type: "conflict_error",
    agent: { only: "error" },
    detail: "The current state does not allow that.",
  },
  stale_epoch: {
    status: 403,
    type: "forbidden_error",
    agent: { only: "error" },
    detail: "This producer writes in a later epoch now.",
  },
  document_missing: {
    status: 501,
    type: "server_error",
    agent: invalidRequest("not_implemented"),
    detail: "This step has no document.",
  },
  bad_gateway: {
    status: 502,
    type: "bad_gateway_error",
    agent: { only: "error" },
    detail: "The agent server did not answer as it should.",
  },
  unavailable: {
    status: 503,
    type: "server_error",
    agent: { only: "error" },
    detail: "Not available at the moment; try again.",
  },
  gateway_timeout: {
    status: 504,
    type: "gateway_timeout_error",
    agent: { only: "error" },
    detail: "The agent server did not answer in time.",
  },
  server_error: {
    status: 500,
    type: "server_error",
    agent: { type: "server_error", code: "error" },
    detail: "A server error occurred.",
  },
} satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** The row of a code, widened to what all rows have in common. */
export function errorRow(code: ErrorCode): ErrorRow {
  return ERRORS[code];
}

/** One item of `errors[]`: where, what in words, what for machines. */
export interface ErrorItem {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** An expected failure. Thrown anywhere below a route; `handle-error.ts` turns it into the family's body. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly errors: ErrorItem[] | undefined;
  readonly headers: Record<string, string>;
  /** Keys beside the one of a bare body (agent-tasks 1.3b). */
  readonly bareFields: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    detail: string = ERRORS[code].detail,
    extras: { errors?: ErrorItem[]; headers?: Record<string, string>; bareFields?: Record<string, unknown> } = {},
  ) {
    super(detail);
    this.name = "ApiError";
    this.code = code;
    this.errors = extras.errors;
    this.headers = extras.headers ?? {};
    this.bareFields = extras.bareFields ?? {};
  }
}
