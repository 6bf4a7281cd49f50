import type { HarborSettings } from "../../db/harbor-settings.ts";
import type { HarborTask } from "./harbor-schema.ts";

const DEFAULT_MEMORY_MB = 2_048;
const DEFAULT_STORAGE_MB = 10_240;

export function toSettings(
  { environment, verifier, agent, solution }: HarborTask,
  files: { hasDockerfile: boolean; hasCompose: boolean },
): HarborSettings {
  const { memory_mb, memory, storage_mb, storage, network_mode, allow_internet, docker_image } = environment;
  const also = (["mcp_servers", "skills_dir"] as const).filter((key) => {
    const value = environment[key];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  return {
    image: imageOf(docker_image, files),
    environment: {
      build_timeout_sec: environment.build_timeout_sec,
      cpus: environment.cpus,
      memory_mb: memory_mb ?? memory ?? DEFAULT_MEMORY_MB,
      storage_mb: storage_mb ?? storage ?? DEFAULT_STORAGE_MB,
      gpus: environment.gpus,
      network: network_mode === undefined ? allow_internet !== false : network_mode !== "none",
      env: environment.env,
      workdir: environment.workdir ?? null,
      os: environment.os ?? null,
      healthcheck: environment.healthcheck ?? null,
      also,
    },
    verifier: { ...verifier, user: verifier.user ?? null },
    agent: { ...agent, user: agent.user ?? null },
    solution,
  };
}

/** Services come before one image, and one that is built from the task's own files before one that is pulled. */
function imageOf(
  name: string | undefined,
  { hasDockerfile, hasCompose }: { hasDockerfile: boolean; hasCompose: boolean },
): HarborSettings["image"] {
  if (hasCompose) return { kind: "compose" };
  if (name !== undefined) return { kind: "image", name };
  return { kind: hasDockerfile ? "dockerfile" : "none" };
}

/** What a task needs that only a container gives; empty for one that any sandbox runs. In words for people. */
export function needsOfContainer({ image, environment }: HarborSettings): string[] {
  const { env, workdir } = environment;
  const needs: Record<string, boolean> = {
    "environment/Dockerfile": image.kind === "dockerfile",
    "environment/docker-compose.yaml": image.kind === "compose",
    docker_image: image.kind === "image",
    env: Object.keys(env).length > 0,
    workdir: workdir !== null,
  };
  return Object.keys(needs).filter((need) => needs[need]);
}

/** What a task needs that nothing here gives. */
export function needsOfNobody({ environment: { gpus, os, also } }: HarborSettings): string[] {
  const needs: Record<string, boolean> = { gpus: gpus > 0, os: os !== null && os !== "linux" };
  return [...Object.keys(needs).filter((need) => needs[need]), ...also];
}
