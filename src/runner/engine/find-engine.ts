import { z } from "zod";
import { callEngine, Engine, ENGINE_KINDS, EngineError, type EngineKind, type EngineLimits } from "./engine.ts";

/** Milliseconds for a first container, whose image may have to be fetched. */
const TRIAL_MS = 300_000;

/** File systems on which an engine is able to keep the size of a container, when they are set up for it. */
const SIZED = ["xfs", "btrfs", "zfs"];

const dockerInfo = z.object({
  ServerVersion: z.string(),
  ServerErrors: z.array(z.string()).nullish(),
  MemoryLimit: z.boolean().default(false),
  CpuCfsQuota: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  Driver: z.string().default(""),
  DriverStatus: z.array(z.array(z.string())).nullish(),
});

const podmanInfo = z.object({
  host: z.object({
    cgroupControllers: z.array(z.string()).nullish(),
    security: z.object({ rootless: z.boolean().default(false) }).prefault({}),
  }),
  store: z.object({
    graphDriverName: z.string().default(""),
    graphStatus: z.record(z.string(), z.string()).nullish(),
  }),
  version: z.object({ Version: z.string() }),
});

/** An engine of this kind that answers, or why there is none. */
export type Found = { ok: true; engine: Engine } | { ok: false; reason: string };

/**
 * The limits that the trial's container asks for, each with the option, and how the files of cgroups of either version tell it.
 * An engine may know of controllers and keep none of them all the same, without a word.
 */
const TRIED = {
  memory: { options: ["--memory", "256m", "--memory-swap", "256m"], told: String(256 * 1024 * 1024) },
  cpus: { options: ["--cpus", "0.5"], told: "50000" },
  processes: { options: ["--pids-limit", "333"], told: "333" },
} as const;

const TRIAL_SCRIPT = String.raw`cd /sys/fs/cgroup || exit 0
tell() {
  for file in "$2" "$3"; do
    if [ -r "$file" ] && read -r value rest < "$file"; then echo "$1 $value"; fi
  done
}
tell memory memory.max memory/memory.limit_in_bytes
tell cpus cpu.max cpu/cpu.cfs_quota_us
tell processes pids.max pids/pids.max
exit 0`;

/** Runs a container in this image, in an engine that answers, and finds out which limits it keeps. */
export async function tryEngine(kind: EngineKind, image: string): Promise<Found> {
  const found = await askEngine(kind);
  if (!found.ok) return found;
  const { limits } = found.engine;
  try {
    const names = (["memory", "cpus", "processes"] as const).filter((name) => limits[name]);
    const options = names.flatMap((name) => TRIED[name].options);
    const args = ["run", "--rm", "--network", "none", ...options, image, "/bin/sh", "-c", TRIAL_SCRIPT];
    const told = (await found.engine.call(args, { timeoutMs: TRIAL_MS })).split("\n");
    for (const name of names) limits[name] = told.includes(`${name} ${TRIED[name].told}`);
    return found;
  } catch (error) {
    if (error instanceof EngineError) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Asks the engine of a kind what it is able to do. */
export async function askEngine(kind: EngineKind): Promise<Found> {
  try {
    const info: unknown = JSON.parse(await callEngine(kind, ["info", "--format", "{{json .}}"]));
    return { ok: true, engine: kind === "docker" ? readDocker(info) : readPodman(info) };
  } catch (error) {
    if (error instanceof EngineError) return { ok: false, reason: error.message };
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      return { ok: false, reason: `${kind} info: the answer is not understood: ${error.message.slice(0, 200)}` };
    }
    throw error;
  }
}

/** The first engine that works here, and why those before it do not. */
export async function findEngine(image: string): Promise<{ engine?: Engine; reasons: string[] }> {
  const reasons: string[] = [];
  for (const kind of ENGINE_KINDS) {
    const found = await tryEngine(kind, image);
    if (found.ok) return { engine: found.engine, reasons };
    reasons.push(found.reason);
  }
  return { reasons };
}

function readDocker(info: unknown): Engine {
  const { ServerVersion, ServerErrors, MemoryLimit, CpuCfsQuota, PidsLimit, Driver, DriverStatus } =
    dockerInfo.parse(info);
  if (ServerErrors && ServerErrors.length > 0) throw new EngineError(`docker info: ${ServerErrors.join(" ")}`);
  const backing = DriverStatus?.find(([name]) => name === "Backing Filesystem")?.[1] ?? Driver;
  const storage = SIZED.includes(backing);
  const limits = { memory: MemoryLimit, cpus: CpuCfsQuota, processes: PidsLimit, storage };
  return new Engine("docker", ServerVersion, limits, false);
}

function readPodman(info: unknown): Engine {
  const { host, store, version } = podmanInfo.parse(info);
  const controllers = new Set(host.cgroupControllers);
  const limits = {
    memory: controllers.has("memory"),
    cpus: controllers.has("cpu"),
    processes: controllers.has("pids"),
    storage: SIZED.includes(store.graphStatus?.["Backing Filesystem"] ?? store.graphDriverName),
  };
  // Without root its networks lie in a space of their own, whose other side is not the machine.
  return new Engine("podman", version.Version, limits, host.security.rootless);
}

/** For the runner's first words: what is kept, and what is not. */
export function describeLimits(limits: EngineLimits): string {
  return Object.entries(limits)
    .map(([name, isKept]) => `${isKept ? "" : "NO "}limit on ${name}`)
    .join(", ");
}
