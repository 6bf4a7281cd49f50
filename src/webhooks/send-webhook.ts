/** How an attempt to deliver an event ended. `error` is for people, and never what an endpoint wrote. */
export interface SendOutcome {
  delivered: boolean;
  /** HTTP status of the answer; null without one. */
  status: number | null;
  error: string | null;
}

export interface WebhookMessage {
  url: string;
  /** The body, byte for byte as it is signed. */
  body: string;
  signingSecret: string;
  timeoutSeconds: number;
}

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** What `X-Chamelio-Signature` says: HMAC-SHA-256 of the raw body, in hex (workflow-files, "Webhooks"). */
export async function signBody(signingSecret: string, body: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(signingSecret), ALGORITHM, false, ["sign"]);
  const signature = await crypto.subtle.sign(ALGORITHM, key, encoder.encode(body));
  return `sha256=${new Uint8Array(signature).toHex()}`;
}

/**
 * Posts an event to an endpoint and waits for the head of its answer; anything but 2xx in time has failed. Redirects are
 * not followed: they could lead where no webhook may go.
 */
export async function sendWebhook({ url, body, signingSecret, timeoutSeconds }: WebhookMessage): Promise<SendOutcome> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": "Taskyard-Webhooks",
    "X-Chamelio-Signature": await signBody(signingSecret, body),
  };
  try {
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    await response.body?.cancel();
    return { delivered: response.ok, status: response.status, error: response.ok ? null : describe(response.status) };
  } catch {
    const error = signal.aborted
      ? `The endpoint did not answer within ${timeoutSeconds} seconds.`
      : "The endpoint could not be reached.";
    return { delivered: false, status: null, error };
  }
}

function describe(status: number): string {
  if (status >= 300 && status < 400) return "The endpoint answered with a redirect, which is not followed.";
  return `The endpoint answered with status ${status}.`;
}
