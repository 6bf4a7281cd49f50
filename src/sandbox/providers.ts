import type { ContainerMachine } from "./container/container-machine.ts";
import { CONTAINER_TRAITS, ContainerSandbox } from "./container/container-sandbox.ts";
import { EMBEDDED_TRAITS, EmbeddedSandbox } from "./embedded/embedded.ts";
import { RUNNER_TRAITS, RunnerSandbox } from "./runner/runner-sandbox.ts";
import { type OpenSandbox, SANDBOX_KINDS, type SandboxKind, type SandboxTraits } from "./port.ts";

/** Of all kinds: environments of a kind that this deployment has not, or no longer, are shown too. */
const TRAITS: Record<SandboxKind, SandboxTraits> = {
  embedded: EMBEDDED_TRAITS,
  runner: RUNNER_TRAITS,
  container: CONTAINER_TRAITS,
};

/** The places where commands can run that this deployment has. */
const PROVIDERS: Partial<Record<SandboxKind, OpenSandbox>> = {
  embedded: (place) => new EmbeddedSandbox(place),
  runner: (place) => new RunnerSandbox(place),
};

/**
 * Adds containers, for the entry of deployments that have them (src/worker-containers.ts): others carry none of
 * their code. `open` gives the container of an environment.
 */
export function offerContainers(open: (env: Cloudflare.Env, environmentId: string) => ContainerMachine): void {
  PROVIDERS.container = (place) => new ContainerSandbox(place, open(place.env, place.environmentId));
}

/** The kinds that this deployment has. */
export function offeredKinds(): SandboxKind[] {
  return SANDBOX_KINDS.filter((kind) => PROVIDERS[kind] !== undefined);
}

/** What a kind is able to do. */
export function traitsOf(kind: SandboxKind): SandboxTraits {
  return TRAITS[kind];
}

/** Opens the sandbox of an environment that is of this kind. */
export function openSandbox(kind: SandboxKind, place: Parameters<OpenSandbox>[0]) {
  const open = PROVIDERS[kind];
  if (!open) throw new Error(`This deployment has no sandboxes of the kind ${kind}`);
  return open(place);
}
