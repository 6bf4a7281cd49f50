import { z } from "@hono/zod-openapi";
import { type ApiError, type ErrorCode, type ErrorItem, type ErrorStatus, errorRow } from "./error-table.ts";

/** Errors as clients of container registries read them (OCI distribution 1.1, "Error Codes"). */

/** The error body of `/v2/`. */
export const ociErrorPayload = z
  .object({
    errors: z.array(
      z.object({
        code: z.string().openapi({ description: "One of the codes of the OCI distribution specification" }),
        message: z.string().openapi({ description: "What went wrong and what to do, for people" }),
        detail: z
          .array(z.object({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() }))
          .optional()
          .openapi({ description: "One item per problem: where it is, what it is, and its machine-readable type" }),
      }),
    ),
  })
  .openapi("OciErrorPayload");

const CODES: Partial<Record<ErrorCode, string>> = {
  name_unknown: "NAME_UNKNOWN",
  blob_unknown: "BLOB_UNKNOWN",
  blob_upload_unknown: "BLOB_UPLOAD_UNKNOWN",
  blob_upload_invalid: "BLOB_UPLOAD_INVALID",
  digest_invalid: "DIGEST_INVALID",
  size_invalid: "SIZE_INVALID",
  manifest_unknown: "MANIFEST_UNKNOWN",
  manifest_blob_unknown: "MANIFEST_BLOB_UNKNOWN",
  manifest_invalid: "MANIFEST_INVALID",
  unknown_path: "UNSUPPORTED",
};

/** For codes that are not the registry's own. */
const CODES_OF_STATUS: Partial<Record<ErrorStatus, string>> = {
  400: "UNSUPPORTED",
  401: "UNAUTHORIZED",
  403: "DENIED",
  404: "NAME_UNKNOWN",
  405: "UNSUPPORTED",
  408: "BLOB_UPLOAD_INVALID",
  409: "DENIED",
  413: "SIZE_INVALID",
  415: "MANIFEST_INVALID",
  429: "TOOMANYREQUESTS",
};

/** What of a request is wrong, by the name of its parameter. */
const CODES_OF_PARAMETER: Readonly<Record<string, string>> = {
  org: "NAME_INVALID",
  name: "NAME_INVALID",
  reference: "TAG_INVALID",
  digest: "DIGEST_INVALID",
};

/** Status and body. What validation finds is 400, which is the status that the specification has for it. */
export function renderOciError(error: ApiError): { status: ErrorStatus; body: object } {
  const row = errorRow(error.code);
  const isValidation = error.code === "validation_failed";
  const code = isValidation ? codeOfItem(error.errors?.[0]) : (CODES[error.code] ?? CODES_OF_STATUS[row.status]);
  return {
    status: isValidation ? 400 : row.status,
    body: {
      errors: [{ code: code ?? "UNKNOWN", message: error.message, ...(error.errors && { detail: error.errors }) }],
    },
  };
}

function codeOfItem(item: ErrorItem | undefined): string {
  return CODES_OF_PARAMETER[String(item?.loc[1])] ?? "UNSUPPORTED";
}
