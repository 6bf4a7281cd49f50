import type { OutgoingHost } from "../../config.ts";
import { TRAILING_SLASHES } from "../../http/agent-api/agent-paths.ts";
import { isOnHost } from "../../http/outgoing-host.ts";

/**
 * Where an agent's server takes commands (agent-tasks 8.1): `/command` below `state.sandbox_url`, with the connect
 * token in the query. Undefined for what is not on a configured host: an address in any spelling, a private name, user
 * information, another port or scheme are refused because nobody configured them.
 */
export function commandUrl(
  sandboxUrl: string,
  hosts: readonly OutgoingHost[],
  connectToken: string | undefined,
): URL | undefined {
  if (!URL.canParse(sandboxUrl)) return undefined;
  const url = new URL(sandboxUrl);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined;
  if (!hosts.some((host) => isOnHost(url, host))) return undefined;
  url.pathname = `${url.pathname.replace(TRAILING_SLASHES, "")}/command`;
  if (connectToken !== undefined) url.searchParams.set("_modal_connect_token", connectToken);
  return url;
}
