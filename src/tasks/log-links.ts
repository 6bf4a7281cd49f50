import { signLink } from "../auth/signed-links.ts";
import { type AppContext, configOf } from "../http/context.ts";
import { toPublicUrl } from "../http/admission/public-origin.ts";
import { logPathOf, type SignLogUrl } from "../runs/model/run-view.ts";

/** Life of a `log_url` (agent-tasks 2.2). */
const LOG_URL_LIFE_MS = 3_600_000;

/** Signs `log_url`s that lead back to this server; without a secret to sign with there are none. */
export function logUrlSigner(c: AppContext): SignLogUrl {
  const secrets = configOf(c).LINK_SIGNING_SECRETS;
  const expiresAt = new Date(Date.now() + LOG_URL_LIFE_MS);
  return async (run) => {
    if (secrets.length === 0) return null;
    return signLink(secrets, { method: "GET", url: toPublicUrl(c, logPathOf(run)), expiresAt });
  };
}
