import { createMiddleware } from "hono/factory";
import lessThan from "semver/functions/lt.js";
import { type AppEnv, configOf } from "../context.ts";
import { ApiError } from "../errors/error-table.ts";

const PRODUCT = /([A-Za-z0-9_.-]+)\/(\d+\.\d+(?:\.\d+)?)/g;

/** Refuses with 426 a client whose User-Agent names a product below its configured minimum (MIN_CLIENT_VERSIONS). */
export const requireClientVersion = createMiddleware<AppEnv>(async (c, next) => {
  const minimums = configOf(c).MIN_CLIENT_VERSIONS;
  for (const [, product = "", version = ""] of (c.req.header("user-agent") ?? "").matchAll(PRODUCT)) {
    const minimum = Object.hasOwn(minimums, product) ? minimums[product] : undefined;
    const full = version.split(".").length === 2 ? `${version}.0` : version;
    if (minimum !== undefined && lessThan(full, minimum)) {
      throw new ApiError("upgrade_required", `${product} ${version} is too old: upgrade to ${minimum} or later.`);
    }
  }
  await next();
});
