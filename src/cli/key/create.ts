import { createApiKey, createOwnApiKey, ForbiddenError } from "../../client/index.ts";
import { type Scope, SCOPES } from "../../auth/scopes.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { readDuration } from "../base/words.ts";

interface CreateOptions extends CommonOptions {
  scope?: string[] | undefined;
  for?: string | undefined;
  project?: string | undefined;
}

const isScope = (text: string): text is Scope => SCOPES.some((scope) => scope === text);

/** `taskyard key create` */
export async function run({ out, session, signal }: Context, name: string, options: CreateOptions): Promise<void> {
  const scopes = (options.scope ?? []).map((text) => {
    if (!isScope(text)) throw usageFailure(`${text} is no scope.`, `Scopes are ${SCOPES.join(", ")}.`);
    return text;
  });
  if (scopes.length === 0)
    throw usageFailure("Say what the key may do.", "--scope task:read, for example; it may be repeated.");
  const { client } = await session();
  const body = {
    name,
    scopes,
    ...(options.project !== undefined && { project_id: options.project }),
    ...(options.for !== undefined && {
      expires_at: new Date(Date.now() + readDuration(options.for) * 1_000).toISOString(),
    }),
  };
  // Keys that are no administrator's make keys within their own scopes.
  const key = await createApiKey(client, { body, signal }).catch((error: unknown) => {
    if (!(error instanceof ForbiddenError)) throw error;
    return createOwnApiKey(client, { body, signal });
  });
  out.result(
    key,
    () => key.key,
    () => key.key,
  );
  out.note(
    `This is the only time that it is shown. It may ${scopes.join(", ")}${key.expires_at ? ` until ${key.expires_at}` : ""}.`,
  );
}
