import type { Capability } from "../../pool/pool-protocol.ts";
import type { ContainerTask } from "../container-task.ts";
import type { WorkOwner } from "../../pool/work.ts";

const environmentOf = (env: Cloudflare.Env, reference: Readonly<Record<string, unknown>>) =>
  env.ENVIRONMENT.getByName(String(reference["environmentId"]));

/** What a task needs that its runner has to be able to do. */
export function capabilitiesFor(container: ContainerTask | null): Capability[] {
  if (!container) return [];
  const { image, env, workdir } = container;
  const isOwn = image.kind !== "none" || workdir !== null || Object.keys(env).length > 0;
  return [...(isOwn ? (["container"] as const) : []), ...(image.kind === "compose" ? (["compose"] as const) : [])];
}

/** What the pool of runners asks of environments and tells them. */
export const ENVIRONMENT_WORK: WorkOwner = {
  admit: async (env, { id, reference }, runner) => environmentOf(env, reference).admitWork(id, runner),

  tell: async (env, { id, reference }, event) => environmentOf(env, reference).hearOfWork(id, event),
};
