import type { Capability } from "../../pool/pool-protocol.ts";
import type { SandboxTask } from "../port.ts";
import type { WorkOwner } from "../../pool/work.ts";

const environmentOf = (env: Cloudflare.Env, reference: Readonly<Record<string, unknown>>) =>
  env.ENVIRONMENT.getByName(String(reference["environmentId"]));

/** What a task needs that its runner has to be able to do. */
export function capabilitiesFor({ container, services }: SandboxTask): Capability[] {
  if (container?.image.kind === "compose" || services?.by === "compose") return ["container", "compose"];
  if (!container) return [];
  const { image, env, workdir } = container;
  return image.kind !== "none" || workdir !== null || Object.keys(env).length > 0 ? ["container"] : [];
}

/** What the pool of runners asks of environments and tells them. */
export const ENVIRONMENT_WORK: WorkOwner = {
  admit: async (env, { id, reference }, runner) => environmentOf(env, reference).admitWork(id, runner),

  tell: async (env, { id, reference }, event) => environmentOf(env, reference).hearOfWork(id, event),
};
