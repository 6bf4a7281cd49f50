/** Name of the entry in the tab's session storage. */
const ENTRY = "taskyard.environment-tokens";

/**
 * The token of an environment that was made in this tab, or whose token was entered here. The server shows a token once, to
 * whoever makes the environment, and keeps a hash.
 */
export function tokenOf(environment: string): string | undefined {
  return readTokens()[environment];
}

export function keepToken(environment: string, token: string): void {
  sessionStorage.setItem(ENTRY, JSON.stringify({ ...readTokens(), [environment]: token }));
}

function readTokens(): Record<string, string> {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(ENTRY) ?? "{}");
    const entries = typeof stored === "object" && stored !== null ? Object.entries(stored) : [];
    return Object.fromEntries(entries.filter(([, token]) => typeof token === "string"));
  } catch {
    return {};
  }
}
