import { EMBEDDED_TRAITS, EmbeddedSandbox } from "./embedded/embedded.ts";
import type { OpenSandbox, SandboxKind, SandboxTraits } from "./port.ts";

interface Provider {
  traits: SandboxTraits;
  open: OpenSandbox;
}

/** The places where commands can run; what a deployment has of them is for `isOffered` to say. */
const PROVIDERS: Partial<Record<SandboxKind, Provider>> = {
  embedded: { traits: EMBEDDED_TRAITS, open: (place) => new EmbeddedSandbox(place) },
};

/** The kinds that this deployment has. */
export function offeredKinds(): SandboxKind[] {
  return (["embedded", "runner", "container"] satisfies SandboxKind[]).filter((kind) => PROVIDERS[kind] !== undefined);
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
