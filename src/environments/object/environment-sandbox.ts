import { archiveSource } from "../../registry/archive/archive-source.ts";
import { withCachedDirectory } from "../../registry/read/cached-directory.ts";
import type { Sandbox, SandboxHost } from "../../sandbox/port.ts";
import { openSandbox } from "../../sandbox/providers.ts";
import type { EnvironmentRecord } from "./environment-record.ts";

/** Opens the sandbox of an environment for its object, which hosts it. */
export function openEnvironmentSandbox(
  ctx: DurableObjectState,
  env: Cloudflare.Env,
  { row, task, labels }: EnvironmentRecord,
  host: SandboxHost,
): Sandbox {
  const { archiveKey, fileSize, archiveEtag } = task;
  const openArchive = () =>
    withCachedDirectory(archiveSource(env.ARCHIVES, archiveKey, fileSize, archiveEtag), task, (work) =>
      ctx.waitUntil(work),
    );
  const { id: environmentId, organizationId } = row;
  return openSandbox(row.provider, { environmentId, organizationId, task, labels, openArchive, host, ctx, env });
}
