import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppContext, AppEnv } from "../context.ts";
import { type Family, familyOfPath } from "./families.ts";

/** The families of operations whose errors look otherwise than their path says, by the first handler of each. */
const declared = new WeakMap<object, Family>();

const goOn: MiddlewareHandler<AppEnv> = (_c, next) => next();

/** The first handler of an operation with `errorFamily`: it does nothing but say so to who handles its errors. */
export function answersErrorsAs(family: Family): MiddlewareHandler<AppEnv> {
  const handler = goOn.bind(undefined);
  declared.set(handler, family);
  return handler;
}

/** What the handlers of an operation declare; undefined where the path alone decides. */
export function declaredFamily(handlers: Iterable<object>): Family | undefined {
  for (const handler of handlers) {
    const family = declared.get(handler);
    if (family) return family;
  }
  return undefined;
}

/** The family in whose body the errors of this request are told, whoever throws them. */
export function familyOfRequest(c: AppContext): Family {
  const handlers = matchedRoutes(c).map(({ handler }) => handler);
  return c.get("errorFamily") ?? declaredFamily(handlers) ?? familyOfPath(c.req.path);
}
