import type { HarborSettings } from "../db/harbor-settings.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { needsOfContainer, needsOfNobody } from "../registry/manifest/harbor-settings.ts";
import { type ContainerTask } from "../sandbox/container-task.ts";
import type { SandboxKind } from "../sandbox/port.ts";

/** Refuses a task that no sandbox of this kind is able to run: better now than failing at its first command. */
export function refuseUnfitTask(harbor: HarborSettings | null, kind: SandboxKind): void {
  if (!harbor) return;
  const unmet = needsOfNobody(harbor);
  if (unmet.length > 0) {
    throw new ApiError("invalid_request", `This task needs what no sandbox gives: ${unmet.join(", ")}.`);
  }
  const needs = needsOfContainer(harbor);
  if (kind === "runner" || needs.length === 0) return;
  throw new ApiError(
    "invalid_request",
    `This task runs in a container of its own (${needs.join(", ")}), which '${kind}' sandboxes do not build or start. ` +
      "Make its environment with sandbox_provider 'runner', on a runner with Docker or Podman.",
  );
}

/** What the machine of a task in Harbor's format is told. */
export function toContainerTask({ image, environment, agent }: HarborSettings): ContainerTask {
  const { build_timeout_sec, cpus, memory_mb, storage_mb, network, env, workdir, healthcheck } = environment;
  return {
    image,
    build_seconds: build_timeout_sec,
    cpus,
    memory_mb,
    storage_mb,
    network,
    env,
    workdir,
    user: agent.user,
    healthcheck: healthcheck ?? null,
  };
}
