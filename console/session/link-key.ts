/** The fragment of a link that signs in: `/#key=ty_…`. A fragment is not sent to any server. */
const FRAGMENT = /^#key=([\w-]+)$/;

/** The key of the link that the page was opened with, which is taken out of the address and of the history at once. */
export function takeLinkKey(): string | undefined {
  const key = FRAGMENT.exec(location.hash)?.[1];
  if (key !== undefined) history.replaceState(null, "", location.pathname + location.search);
  return key;
}
