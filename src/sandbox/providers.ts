import type { ContainerMachine } from "./container/container-machine.ts";
import { CONTAINER_TRAITS, ContainerSandbox } from "./container/container-sandbox.ts";
import { EMBEDDED_TRAITS, EmbeddedSandbox } from "./embedded/embedded.ts";
import { RUNNER_TRAITS, RunnerSandbox } from "./runner/runner-sandbox.ts";
import { type OpenSandbox, SANDBOX_KINDS, type SandboxKind, type SandboxTraits } from "./port.ts";

interface Provider {
  traits: SandboxTraits;
  open: OpenSandbox;
}

/** The places where commands can run that this deployment has. */
const PROVIDERS: Partial<Record<SandboxKind, Provider>> = {
  embedded: { traits: EMBEDDED_TRAITS, open: (place) => new EmbeddedSandbox(place) },
  runner: { traits: RUNNER_TRAITS, open: (place) => new RunnerSandbox(place) },
};

/**
 * Adds containers, for the entry of deployments that have them (src/worker-containers.ts): others carry none of
 * their code. `open` gives the container of an environment.
 */
export function offerContainers(open: (env: Cloudflare.Env, environmentId: string) => ContainerMachine): void {
  PROVIDERS.container = {
    traits: CONTAINER_TRAITS,
    open: (place) => new ContainerSandbox(place, open(place.env, place.environmentId)),
  };
}

/** The kinds that this deployment has. */
export function offeredKinds(): SandboxKind[] {
  return SANDBOX_KINDS.filter((kind) => PROVIDERS[kind] !== undefined);
}

/** What a kind is able to do. */
export function traitsOf(kind: SandboxKind): SandboxTraits {
  return providerOf(kind).traits;
}

/** Opens the sandbox of an environment that is of this kind. */
export function openSandbox(kind: SandboxKind, place: Parameters<OpenSandbox>[0]) {
  return providerOf(kind).open(place);
}

function providerOf(kind: SandboxKind): Provider {
  const provider = PROVIDERS[kind];
  if (!provider) throw new Error(`This deployment has no sandboxes of the kind ${kind}`);
  return provider;
}
