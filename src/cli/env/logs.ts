import { getEnvironmentLogs } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findEnvironment } from "../base/environment-tokens.ts";
import { safeText } from "../output/safe-text.ts";

/** `taskyard env logs` */
export async function run(
  { out, session, signal }: Context,
  reference: string,
  _options: CommonOptions,
): Promise<void> {
  const { client, url } = await session();
  const { id } = await findEnvironment(reference, url);
  const answer = await getEnvironmentLogs(client, { path: { environment_id: id }, signal });
  const text = () => safeText(answer.logs).trimEnd();
  out.result(answer, text, text);
}
