import { zipSync, type Zippable } from "fflate";

/** A zip of these files, as fflate writes it. */
export function pack(files: Record<string, string | Uint8Array>, level: 0 | 6 = 6): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {};
  for (const [name, content] of Object.entries(files)) {
    entries[name] = typeof content === "string" ? new TextEncoder().encode(content) : content;
  }
  return new Uint8Array(zipSync(entries, { level, mtime: "2026-01-02T03:04:06" }));
}
