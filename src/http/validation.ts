import type { Hook } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import type { z } from "zod";
import type { AppEnv } from "./context.ts";
import { ApiError, type ErrorItem } from "./errors/error-table.ts";

/** Where each of Hono's validation targets stands in `loc` (A7). */
const PLACES: Record<string, string> = { json: "body", form: "body", param: "path" };

function toItem(target: string, issue: z.core.$ZodIssue): ErrorItem {
  return {
    loc: [PLACES[target] ?? target, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))],
    msg: issue.message,
    // A field kind of ours says its own code; zod's says too little for clients of agent tasks.
    type: issue.code === "custom" && typeof issue.params?.["code"] === "string" ? issue.params["code"] : issue.code,
  };
}

/** Codes of what is of another kind altogether, rather than wrong in some part. */
const KINDS: ReadonlySet<string> = new Set(["invalid_type", "invalid_value"]);

/**
 * Of what may be of several kinds: what is wrong with it as the one kind that it is of. Where it is of none, or of several, the
 * issue stays as it is, and says what it may be.
 */
function explain(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const branches = issue.code === "invalid_union" ? issue.errors : [];
  const [meant, ...others] = branches.filter(
    (branch) => !branch.some(({ path, code }) => path.length === 0 && KINDS.has(code)),
  );
  if (!meant || others.length > 0) return [issue];
  return meant.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Wrong places that one answer names: a body may have as many as it has bytes. */
const MAX_ERRORS = 100;

function refusalOf(target: string, { issues }: z.core.$ZodError): ApiError {
  const explained = issues.slice(0, MAX_ERRORS).flatMap(explain);
  const errors = explained.slice(0, MAX_ERRORS).map((issue) => toItem(target, issue));
  const [first] = errors;
  const place = first ? ` ${first.loc.join(".")}: ${first.msg}` : "";
  return new ApiError("validation_failed", `Request validation failed.${place}`, { errors });
}

/** Turns what zod found wrong into one `validation_failed` that names every place. */
export const refuseInvalid: Hook<unknown, AppEnv, string, unknown> = (result) => {
  if (!result.success) throw refusalOf(result.target, result.error);
};

/** Checks a JSON body that its route has parsed itself; throws as `refuseInvalid` does. */
export function checkBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (!result.success) throw refusalOf("json", result.error);
  return result.data;
}

/** Lets clients of agent tasks send no body, or an empty one, where all fields are optional (agent-tasks 1.1). */
export const allowEmptyBody = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.raw.body === null || c.req.header("content-length") === "0") {
    const headers = new Headers(c.req.raw.headers);
    headers.set("Content-Type", "application/json");
    headers.delete("Content-Length");
    c.req.raw = new Request(c.req.raw, { method: c.req.method, headers, body: "{}" });
  }
  await next();
});
