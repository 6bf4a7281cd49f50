import { zipSync, type Zippable } from "fflate";
import type { Tenant } from "../tenant.ts";

/** Fields of a task.yaml that breaks no rule. */
export function manifest(overrides: Record<string, unknown> = {}): string {
  const fields = {
    name: "sample",
    version: "1.0.0",
    instruction: "Write the answer to /tmp/answer.",
    description: "A sample.",
    source: "tests",
    solution: { script: "solution.sh" },
    verification: { method: "script", script: "verify.sh" },
    ...overrides,
  };
  // JSON is YAML; a field set to undefined is left out.
  return JSON.stringify(fields);
}

/** A zip of these files, as fflate writes it. */
export function pack(files: Record<string, string | Uint8Array>, level: 0 | 6 = 6): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {};
  for (const [name, content] of Object.entries(files)) {
    entries[name] = typeof content === "string" ? new TextEncoder().encode(content) : content;
  }
  return new Uint8Array(zipSync(entries, { level, mtime: "2026-01-02T03:04:06" }));
}

/** A good task; `yaml` changes its task.yaml, `files` adds to it or replaces. */
export function packTask(yaml: Record<string, unknown> = {}, files: Record<string, string | Uint8Array> = {}) {
  return pack({
    "task.yaml": manifest(yaml),
    "verify.sh": "exit 0\n",
    "solution.sh": "echo 42 > /tmp/answer\n",
    ...files,
  });
}

export interface PublishOptions {
  name?: string;
  version?: string;
  headers?: Record<string, string>;
}

/** Publishes in one request, as `curl --data-binary` does: with a Content-Length. */
export function publish(
  tenant: Tenant,
  body: Uint8Array<ArrayBuffer>,
  { name = "sample", version = "1.0.0", headers = {} }: PublishOptions = {},
): Promise<Response> {
  return tenant.api(`/org/${tenant.org}/tasks/${name}/versions/${version}`, { method: "PUT", body, headers });
}
