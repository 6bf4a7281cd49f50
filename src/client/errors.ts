/** One problem of a request or an archive: where it is, what it is, and its machine-readable type. */
export interface Problem {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** What is known of a failed call beside its message. */
export interface FailureDetails {
  /** HTTP status; 0 where there was no answer. */
  status?: number | undefined;
  /**
   * For programs: `type` of the bodies of the registry, environments, evaluations and administration (such as
   * `not_found_error`), `code` of those of agent tasks (such as `invalid_choice`), else `http_STATUS`.
   */
  code?: string | undefined;
  /** The server's `X-Request-Id`, under which its log has the request. */
  requestId?: string | undefined;
  /** Seconds that the server asks to wait for. */
  retryAfter?: number | undefined;
  /** One for each wrong field, or entry of an archive. */
  problems?: Problem[] | undefined;
  /** The field that an answer of agent tasks is about. */
  attr?: string | undefined;
  /** Method and path of the request. */
  request?: string | undefined;
  /** The answer's body, parsed where it is JSON. */
  body?: unknown;
  cause?: unknown;
}

/** A call that failed. What was aborted by a signal is thrown as the signal's reason instead. */
export class TaskyardError extends Error {
  override readonly name: string = "TaskyardError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly problems: readonly Problem[];
  readonly attr: string | undefined;
  readonly request: string | undefined;
  readonly body: unknown;

  constructor(message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.status = details.status ?? 0;
    this.code = details.code ?? "error";
    this.requestId = details.requestId;
    this.retryAfter = details.retryAfter;
    this.problems = details.problems ?? [];
    this.attr = details.attr;
    this.request = details.request;
    this.body = details.body;
  }
}

/** 401: there is no key, or it is wrong, expired, revoked or switched off; or an environment's token is wrong. */
export class AuthenticationError extends TaskyardError {
  override readonly name = "AuthenticationError";
}

/** 403: the key may not do that. */
export class ForbiddenError extends TaskyardError {
  override readonly name = "ForbiddenError";
}

/** 404, 410: nothing of that name, not yours, or not kept any more. */
export class NotFoundError extends TaskyardError {
  override readonly name = "NotFoundError";
}

/** 409: the current state does not allow it, or the name is taken. */
export class ConflictError extends TaskyardError {
  override readonly name = "ConflictError";
}

/** 400, 411, 413, 415, 416, 422: the request, or the archive, is wrong; `problems` or `attr` say where. */
export class InvalidRequestError extends TaskyardError {
  override readonly name = "InvalidRequestError";
}

/** 429: too many requests, or no more places; `retryAfter` where it passes by itself. */
export class LimitError extends TaskyardError {
  override readonly name = "LimitError";
}

/** 5xx: the server failed, or a sandbox. */
export class ServerError extends TaskyardError {
  override readonly name = "ServerError";
}

/** There was no answer, or it broke off. */
export class NetworkError extends TaskyardError {
  override readonly name = "NetworkError";
}

function classOf(status: number): typeof TaskyardError {
  if (status === 401) return AuthenticationError;
  if (status === 403) return ForbiddenError;
  if (status === 404 || status === 410) return NotFoundError;
  if (status === 409) return ConflictError;
  if (status === 429) return LimitError;
  if (status >= 500) return ServerError;
  return status >= 400 ? InvalidRequestError : TaskyardError;
}

/** Characters of a body that is no JSON which a message shows. */
const SHOWN_CHARACTERS = 200;

/** The error of an answer that is none of success, whichever of the API's bodies it has (docs/http.md, "Errors"). */
export async function readError(response: Response, request: string): Promise<TaskyardError> {
  const text = await response.text().catch(() => "");
  return makeError(response, request, parse(text) ?? text);
}

/** The error of an answer with this body, parsed. */
export function makeError(response: Response, request: string, body: unknown): TaskyardError {
  const fields = isRecord(body) ? body : {};
  // An environment's command that ran long has its failure in the body of a 200.
  const status = typeof fields["code"] === "number" ? fields["code"] : response.status;
  const said = [fields["detail"], fields["error"]].find((value) => typeof value === "string");
  const shown = typeof body === "string" ? body.trim().slice(0, SHOWN_CHARACTERS) : "";
  const code = [fields["code"], fields["type"]].find((value) => typeof value === "string");
  const ErrorClass = classOf(status);
  return new ErrorClass(said ?? (shown === "" ? `${status} ${response.statusText}`.trim() : shown), {
    status,
    code: code ?? `http_${status}`,
    requestId: response.headers.get("X-Request-Id") ?? undefined,
    retryAfter: retryAfterOf(response),
    problems: Array.isArray(fields["errors"]) ? fields["errors"].filter(isProblem) : undefined,
    attr: typeof fields["attr"] === "string" ? fields["attr"] : undefined,
    request,
    body,
  });
}

/** Whether an answer's body is the registry's error (`{code, detail, type}`), whatever the answer's status is. */
export function isErrorBody(body: unknown): boolean {
  return (
    isRecord(body) && typeof body["code"] === "number" && typeof body["detail"] === "string" && body["code"] >= 400
  );
}

/** Seconds that an answer asks to wait for, by `Retry-After` in seconds or as a date. */
function retryAfterOf({ headers }: Response): number | undefined {
  const value = headers.get("Retry-After");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isProblem(value: unknown): value is Problem {
  return isRecord(value) && Array.isArray(value["loc"]) && typeof value["msg"] === "string";
}
