import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { Scope } from "../auth/scopes.ts";
import { type Admission, authenticate } from "./authenticate.ts";
import { ApiError, type ErrorCode, errorRow } from "./errors/error-table.ts";
import { honourIdempotencyKey, idempotencyKey, replayedHeader } from "./idempotency.ts";
import { ERROR_SCHEMAS, type Family, familyOfPath, renderError } from "./errors/families.ts";
import { answersErrorsAs } from "./errors/request-family.ts";
import { type BodyLimit, readJsonBody } from "./request-body.ts";
import { requireBodysOrganization } from "./tenancy.ts";

/** What every operation of the document says beside Hono's own route. */
interface OperationRules {
  operationId: string;
  tags: [string];
  summary: string;
  /** The scope a key needs, `"any"` valid key, or `"none"` for an operation that needs no key. */
  scope: Scope | "any" | "none";
  /** What else lets a request in beside a key with this scope. */
  admits?: Admission;
  /** Whether its key is looked up even where it was verified a moment ago; so it is for scopes that LOOKED_UP names. */
  looksUpKey?: boolean;
  /** Says that keys bound to a project are refused, since the operation concerns the whole organization. */
  projectKeys?: "refused";
  /** How much of a JSON body it takes; JSON_BODY_MAX_BYTES where nothing is said. */
  bodyLimit?: BodyLimit;
  /** Whether it takes an `Idempotency-Key`; what it makes then has ids by `idToMake`. */
  isRepeatable?: boolean;
  /** In which body it tells its errors, where that is not the one of its path. */
  errorFamily?: Family;
  /** The failures of the operation itself; those of keys, JSON bodies, limits and the server are added to it. */
  errors: readonly ErrorCode[];
}

/** Scopes whose operations change who may do what, or open what lasts: a key that ended elsewhere is refused at once. */
const LOOKED_UP: ReadonlySet<OperationRules["scope"]> = new Set(["admin", "runner", "secret:write"]);

const COMMON_ERRORS: readonly ErrorCode[] = ["upgrade_required", "rate_limited", "server_error"];
const KEY_ERRORS: readonly ErrorCode[] = ["key_required", "key_invalid", "key_inactive", "key_revoked", "key_expired"];
const JSON_BODY_ERRORS: readonly ErrorCode[] = [
  "malformed_json",
  "unsupported_media_type",
  "body_too_large",
  "validation_failed",
];
const SECURITY = [{ bearer: [] }, { apiKey: [] }, { basic: [] }];

function documentedErrors(
  { scope, admits, projectKeys, isRepeatable, errors }: OperationRules,
  takesBody: boolean,
  takesJson: boolean,
): ErrorCode[] {
  const codes = new Set<ErrorCode>(COMMON_ERRORS);
  if (scope !== "none") for (const code of KEY_ERRORS) codes.add(code);
  if (scope !== "none" && scope !== "any") codes.add("scope_missing");
  if (projectKeys === "refused" || admits) codes.add("forbidden");
  if (takesBody) codes.add("body_too_slow");
  if (isRepeatable) codes.add("conflict");
  if (takesJson) for (const code of JSON_BODY_ERRORS) codes.add(code);
  for (const code of errors) codes.add(code);
  return [...codes];
}

/** One response per status, with an example body for each code that leads to it. */
function errorResponses(family: Family, codes: ErrorCode[]): NonNullable<RouteConfig["responses"]> {
  const responses: Record<number, { description: string; codes: ErrorCode[] }> = {};
  for (const code of codes) {
    const { status } = renderError(family, new ApiError(code));
    const response = (responses[status] ??= { description: errorRow(code).detail, codes: [] });
    response.codes.push(code);
  }
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      {
        description: response.description,
        content: {
          "application/json": {
            schema: ERROR_SCHEMAS[family],
            examples: Object.fromEntries(
              response.codes.map((code) => [code, { value: renderError(family, new ApiError(code)).body }]),
            ),
          },
        },
      },
    ]),
  );
}

/** The route with the header in its request, and in each successful answer the one that says it is a repetition. */
function takeIdempotencyKey(
  route: Pick<RouteConfig, "responses"> & { request?: RouteConfig["request"] | undefined },
): Pick<RouteConfig, "request" | "responses"> {
  const key = idempotencyKey.openapi({
    example: "rollout-17-attempt",
    description: "Of your choice: a request that is sent again with it does no more, and has the same answer",
  });
  const own = route.request?.headers;
  const base = own instanceof z.ZodObject ? own : z.object({});
  const responses = Object.entries(route.responses).map(([status, response]) => [
    status,
    { ...response, headers: addReplayed(response) },
  ]);
  return {
    request: { ...route.request, headers: base.extend({ "idempotency-key": key }) },
    responses: Object.fromEntries(responses),
  };
}

/** The headers of a response with one more, whichever way they are declared. */
function addReplayed(response: RouteConfig["responses"][string]): object {
  const headers = "headers" in response ? response.headers : undefined;
  if (!(headers instanceof z.ZodObject)) return { ...headers, "Idempotency-Replayed": replayedHeader };
  const { description } = replayedHeader;
  return headers.extend({ "Idempotency-Replayed": z.string().optional().openapi({ description }) });
}

/**
 * Declares an operation: `createRoute` with its key and scope checked before anything else is looked at, its body read
 * after them, and every error it can answer documented. In the document `x-required-scope` tells what the key needs,
 * `x-project-keys` that it may not be bound to a project, and `x-run-token` which token of a run is taken in its place.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- P keeps the path a literal type
export function operation<P extends string, R extends Omit<RouteConfig, "path"> & { path: P }>(
  config: R & OperationRules,
) {
  const {
    scope,
    admits,
    looksUpKey = LOOKED_UP.has(scope),
    projectKeys,
    bodyLimit,
    isRepeatable = false,
    errorFamily,
    errors: _errors,
    ...declared
  } = config;
  const route = isRepeatable ? { ...declared, ...takeIdempotencyKey(declared) } : declared;
  const own = route.middleware ?? [];
  const takesBody = route.request?.body !== undefined;
  const takesJson = Object.hasOwn(route.request?.body?.content ?? {}, "application/json");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- R plus what createRoute passes through untouched
  return createRoute<P, R>({
    ...route,
    ...(scope !== "none" && { security: SECURITY, "x-required-scope": scope }),
    ...(admits && { "x-run-token": admits.runToken }),
    ...(projectKeys && { "x-project-keys": projectKeys }),
    middleware: [
      ...(errorFamily ? [answersErrorsAs(errorFamily)] : []),
      ...(scope === "none" ? [] : [authenticate(scope, { admits, looksUpKey, projectKeys })]),
      ...(Array.isArray(own) ? own : [own]),
      ...(takesBody && config.path.includes("{org}") ? [requireBodysOrganization] : []),
      ...(takesJson ? [readJsonBody(bodyLimit)] : []),
      ...(isRepeatable ? [honourIdempotencyKey] : []),
    ],
    responses: {
      ...route.responses,
      ...errorResponses(errorFamily ?? familyOfPath(config.path), documentedErrors(config, takesBody, takesJson)),
    },
  } as unknown as R);
}
