import { getSandbox, type Sandbox } from "@cloudflare/sandbox";
import { offerContainers } from "./sandbox/providers.ts";
import worker from "./worker.ts";

/** The entry of deployments with Cloudflare Containers (`wrangler deploy --env containers`; docs/environments.md). */

export { Sandbox } from "@cloudflare/sandbox";
export * from "./worker.ts";

/** This entry is deployed with the binding (wrangler.toml), whose class comes from a package and not from here. */
type Containers = DurableObjectNamespace<Sandbox>;

offerContainers(({ SANDBOX }, environmentId) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see Containers
  return getSandbox(SANDBOX as unknown as Containers, environmentId, { keepAlive: true });
});

export default worker;
