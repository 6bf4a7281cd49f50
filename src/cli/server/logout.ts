import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure } from "../base/failure.ts";
import { normalizeUrl } from "../base/session.ts";
import { readSettings, writeSettings } from "../base/settings.ts";

/** `taskyard logout` */
export async function run({ out }: Context, server: string | undefined, options: CommonOptions): Promise<void> {
  const settings = await readSettings();
  const url = normalizeUrl(server ?? options.url ?? settings.current);
  if (!settings.servers[url]) throw new Failure(EXIT.notFound, `There is no key for ${url}.`);
  delete settings.servers[url];
  if (settings.current === url) delete settings.current;
  await writeSettings(settings);
  out.done(`The key for ${url} is forgotten here. It is still good: \`taskyard key revoke\` ends it.`);
}
