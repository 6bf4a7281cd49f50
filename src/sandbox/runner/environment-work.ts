import type { WorkOwner } from "../../pool/work.ts";

const environmentOf = (env: Cloudflare.Env, reference: Readonly<Record<string, unknown>>) =>
  env.ENVIRONMENT.getByName(String(reference["environmentId"]));

/** What the pool of runners asks of environments and tells them. */
export const ENVIRONMENT_WORK: WorkOwner = {
  admit: async (env, { id, reference }, runner) => environmentOf(env, reference).admitWork(id, runner),

  tell: async (env, { id, reference }, event) => environmentOf(env, reference).hearOfWork(id, event),
};
