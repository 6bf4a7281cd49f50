import { createMiddleware } from "hono/factory";
import { equalSecrets } from "../auth/api-keys.ts";
import { authenticate } from "../http/authenticate.ts";
import { type AppContext, type AppEnv, configOf } from "../http/context.ts";
import { addressOf, limitRate } from "../http/admission/rate-limit.ts";

/** Whether the request presents the deployment's bootstrap secret. Every guess counts against the caller's address. */
async function presentsBootstrapSecret(c: AppContext): Promise<boolean> {
  const secret = configOf(c).BOOTSTRAP_SECRET;
  const presented = /^bearer\s+(\S+)$/i.exec(c.req.header("authorization")?.trim() ?? "")?.[1];
  if (secret === undefined || presented === undefined) return false;
  await limitRate(c, `bootstrap:${addressOf(c)}`);
  return equalSecrets(presented, secret);
}

const authenticateAdmin = authenticate("admin", { projectKeys: "refused" });

/** Lets a request through with the bootstrap secret, and then without a caller, or with an admin key. */
export const bootstrapOrAdmin = createMiddleware<AppEnv>(async (c, next) =>
  (await presentsBootstrapSecret(c)) ? next() : authenticateAdmin(c, next),
);
