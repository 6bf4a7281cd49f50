import type { OutgoingHost } from "../config.ts";
import { isAddress, isOnHost } from "../http/outgoing-host.ts";

/** Endings of names that mean something on a private network only. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|lan|home|corp|arpa)\.*$/;

/** Whether a name may stand for a server on the public internet: no address, and no name of a private network. */
function isPublicName(hostname: string): boolean {
  return !isAddress(hostname) && !PRIVATE_NAMES.test(hostname) && /[^.]\.[^.]/.test(hostname);
}

/**
 * Whether events may be sent to a URL: https to a public name on the usual port, or a host that the operator names in
 * WEBHOOK_HOSTS. Nothing that a tenant writes makes this server call an address, or a machine beside it.
 */
export function isDeliverable(text: string, hosts: readonly OutgoingHost[]): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || url.hash !== "") return false;
  if (hosts.some((host) => isOnHost(url, host))) return true;
  return url.protocol === "https:" && url.port === "" && isPublicName(url.hostname);
}
