import type { OutgoingHost } from "../config.ts";

/** Whether the host is an address: `URL` writes every spelling of IPv4 as four decimals, and IPv6 in brackets. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

/** Whether a URL leads to a configured host, over its scheme and port. */
export function isOnHost(url: URL, { scheme, host, port }: OutgoingHost): boolean {
  if (url.protocol !== `${scheme}:`) return false;
  if (port !== "*" && url.port !== port) return false;
  if (!host.startsWith("*.")) return url.hostname === host;
  return !isAddress(url.hostname) && url.hostname.endsWith(host.slice(1));
}
