import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "./context.ts";
import { refuseInvalid } from "./validation.ts";

/** The routes of a part of the API. */
export type Router = OpenAPIHono<AppEnv>;

/** Routes that refuse input which does not fit their schemas, in the body of their family. */
export function newRouter(): Router {
  return new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
}
