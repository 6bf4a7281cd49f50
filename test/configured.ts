import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { buildApp } from "../src/app.ts";

const app = buildApp();

/**
 * Calls the app under other settings than the test set-up's: `overrides` are vars and secrets of src/config.ts, undefined
 * for one that is not set, or bindings.
 */
export async function callConfigured(
  overrides: Record<string, unknown>,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const context = createExecutionContext();
  const request = new Request(`https://taskyard.test${path}`, init);
  const response = await app.fetch(request, { ...env, ...overrides }, context);
  await waitOnExecutionContext(context);
  return response;
}
