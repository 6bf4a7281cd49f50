import { getAccount } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";

/** `taskyard whoami` */
export async function run({ out, session, signal }: Context, _options: CommonOptions): Promise<void> {
  const { client, url, workspace } = await session();
  const account = await getAccount(client, { signal });
  const { api_key: key, organization } = account;
  out.result({ url, workspace, ...account }, () =>
    out.fields([
      ["server", url],
      ["user", account.username],
      ["organization", organization.key],
      ["workspace", workspace],
      ["key", key.name],
      ["scopes", key.scopes.join(", ")],
      ["expires", key.expires_at],
    ]),
  );
}
