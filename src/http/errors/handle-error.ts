import { HTTPException } from "hono/http-exception";
import type { AppContext } from "../context.ts";
import { ApiError, type ErrorCode } from "./error-table.ts";
import { logFailure } from "../request-log.ts";
import { renderError } from "./families.ts";
import { familyOfRequest } from "./request-family.ts";

/** What Hono and its validators throw themselves, by status. */
const CODE_OF_STATUS: Partial<Record<number, ErrorCode>> = {
  400: "malformed_json",
  413: "body_too_large",
  415: "unsupported_media_type",
};

function asApiError(c: AppContext, thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const code = thrown instanceof HTTPException ? CODE_OF_STATUS[thrown.status] : undefined;
  if (code) return new ApiError(code);
  logFailure(c, thrown);
  return new ApiError("server_error", `A server error occurred. Quote the request id ${c.get("requestId")}.`);
}

/** Answers every failure in the body of the request's family. The cause of an unexpected one goes to the log alone. */
export function handleError(thrown: unknown, c: AppContext): Response {
  const error = asApiError(c, thrown);
  const { status, body } = renderError(familyOfRequest(c), error);
  return c.json(body, status, error.headers);
}
