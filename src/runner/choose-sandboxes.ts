import type { Engine } from "./engine/engine.ts";
import { Images } from "./engine/images.ts";
import { EngineSandboxes } from "./engine/engine-sandboxes.ts";
import { describeLimits, findEngine, tryEngine } from "./engine/find-engine.ts";
import { Owner } from "./engine/ownership.ts";
import { removeLeftContainers } from "./engine/sweep.ts";
import { FolderSandboxes } from "./environment/folder-sandboxes.ts";
import type { SandboxSource } from "./environment/local-sandbox.ts";
import { asksForTogether, groupLimitsOf, limitsOf, maxUnpackedBytes, type RunnerOptions } from "./options.ts";
import { findCgroupPlace, removeLeftGroups } from "./process/cgroup-place.ts";
import { describeHardening, hardeningHere } from "./process/bubblewrap.ts";
import { chooseUser, type Isolation, tryIsolation } from "./process/isolation.ts";
import type { Say } from "./connection/held-work.ts";

/** This machine cannot run commands as it was asked to; the message is for its operator. */
export class MachineUnfit extends Error {
  override readonly name = "MachineUnfit";
}

/**
 * How commands of environments are kept apart here: as the operator says, else by the first of Docker, Podman and
 * bubblewrap that works. What a killed runner has left of containers is removed. Throws MachineUnfit.
 */
export async function chooseSandboxes(options: RunnerOptions, workFolder: string, say: Say): Promise<SandboxSource> {
  if (options.unsandboxed) return await tryFolders(options, "none", workFolder, say);
  if (options.isolation === "bubblewrap") return await tryFolders(options, "bubblewrap", workFolder, say);
  if (options.isolation !== undefined) {
    const found = await tryEngine(options.isolation, options.image);
    if (found.ok) return await useEngine(found.engine, options, workFolder, say);
    throw new MachineUnfit(
      `${options.isolation} does not work here: ${found.reason}\n` +
        `It has to be able to run a container of the image ${options.image} (--image; docs/runner.md).`,
    );
  }
  const { engine, reasons } = await findEngine(options.image);
  if (engine) return await useEngine(engine, options, workFolder, say);
  for (const reason of reasons) say(`no containers: ${reason.replaceAll("\n", " ")}`);
  return await tryFolders(options, "bubblewrap", workFolder, say);
}

async function useEngine(engine: Engine, options: RunnerOptions, workFolder: string, say: Say): Promise<SandboxSource> {
  await removeLeftContainers(engine, say);
  say(`containers of ${engine.kind} ${engine.version} have: ${describeLimits(engine.limits)}`);
  const { network, image: defaultImage } = options;
  const owner = await Owner.ofThisProcess(options.url);
  const images = new Images({ engine, workFolder, defaultImage, maxUnpackedBytes: maxUnpackedBytes(options), say });
  return new EngineSandboxes({ engine, owner, network, limits: limitsOf(options) }, images, workFolder);
}

async function tryFolders(
  options: RunnerOptions,
  kind: Isolation["kind"],
  workFolder: string,
  say: Say,
): Promise<SandboxSource> {
  const { network, share } = options;
  const together = kind === "bubblewrap" ? await findTogether(options) : "commands run without a sandbox";
  if (typeof together === "string" && asksForTogether(options)) {
    throw new MachineUnfit(`--total-memory-mb and --total-cpus cannot be kept: ${together}.`);
  }
  const isolation: Isolation = {
    kind,
    network,
    readOnly: share,
    limits: limitsOf(options),
    together: typeof together === "string" ? undefined : together,
    user: chooseUser(),
  };
  const problem = await tryIsolation(workFolder, isolation);
  if (problem !== undefined) throw new MachineUnfit(describeProblem(kind, problem));
  if (kind === "none") say("WARNING: commands run without a sandbox: they reach whatever this user reaches.");
  else say(`sandboxes of environments have: ${describeHardening(hardeningHere())}`);
  say(`limits: ${describeTogether(together)}`);
  return new FolderSandboxes(isolation, workFolder, maxUnpackedBytes(options), say);
}

/** Where groups of processes can have limits, and which; why not, where they cannot. */
async function findTogether(options: RunnerOptions): Promise<NonNullable<Isolation["together"]> | string> {
  try {
    const place = await findCgroupPlace();
    await removeLeftGroups(place);
    return { place, limits: groupLimitsOf(options) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function describeTogether(together: NonNullable<Isolation["together"]> | string): string {
  if (typeof together === "string")
    return `NONE for an environment as a whole, since ${together}; each process has its own`;
  const { memoryBytes, processes, cpus = "all" } = together.limits;
  const each = `${Math.floor(memoryBytes / 2 ** 20)} MiB, ${processes} processes and ${cpus} processors`;
  return `${each} for an environment as a whole (cgroups, version ${together.place.version})`;
}

function describeProblem(kind: Isolation["kind"], problem: string): string {
  if (kind === "none") return `This machine cannot run commands: ${problem}`;
  return (
    `bubblewrap does not work here: ${problem}\n` +
    "Install it (`apt-get install bubblewrap`) where user namespaces are allowed, install Docker or Podman, or start with " +
    "--unsandboxed in a container or machine that holds nothing else (docs/runner.md)."
  );
}
