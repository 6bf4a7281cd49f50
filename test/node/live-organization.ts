import { inject } from "vitest";
import { createOrganization } from "../../scripts/first-organization.ts";
import type { Connection } from "../../scripts/state-folder.ts";

/** Makes an organization of the calling file's own on the server of all live tests; its key begins with `name`. */
export async function createLiveOrganization(name: string): Promise<Connection> {
  const { baseUrl, key } = inject("liveServer");
  const { signal } = new AbortController();
  return await createOrganization({ baseUrl, key, signal }, `${name}-${crypto.randomUUID().slice(0, 8)}`);
}
