import { archiveSource } from "../../registry/archive/archive-source.ts";
import { withCachedDirectory } from "../../registry/read/cached-directory.ts";
import { readConfig } from "../../config.ts";
import { openValues } from "../../secrets/sealed-value.ts";
import type { Sandbox, SandboxHost } from "../../sandbox/port.ts";
import { type SandboxSecrets, SecretMask } from "../../sandbox/secret-mask.ts";
import { openSandbox } from "../../sandbox/providers.ts";
import type { EnvironmentRecord } from "./environment-record.ts";

/** Opens the sandbox of an environment for its object, which hosts it. */
export function openEnvironmentSandbox(
  ctx: DurableObjectState,
  env: Cloudflare.Env,
  record: EnvironmentRecord,
  host: SandboxHost,
): Sandbox {
  const { row, task, labels } = record;
  const { archiveKey, fileSize, archiveEtag } = task;
  const openArchive = () =>
    withCachedDirectory(archiveSource(env.ARCHIVES, archiveKey, fileSize, archiveEtag), task, (work) =>
      ctx.waitUntil(work),
    );
  let opened: Promise<SandboxSecrets> | undefined;
  const secrets = () => (opened ??= openSecrets(env, record));
  const { id: environmentId, organizationId } = row;
  return openSandbox(row.provider, {
    environmentId,
    organizationId,
    task,
    labels,
    secrets,
    openArchive,
    host,
    ctx,
    env,
  });
}

/** The secrets of an environment, decrypted. Rejects where a key is missing that they were encrypted with. */
export async function openSecrets(env: Cloudflare.Env, { secrets = [] }: EnvironmentRecord): Promise<SandboxSecrets> {
  const variables = await openValues(readConfig(env).SECRET_ENCRYPTION_KEYS, secrets);
  return { variables, mask: new SecretMask(Object.values(variables)) };
}
