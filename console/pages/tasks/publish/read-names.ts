import type { Picked } from "./picked.ts";

/** Bytes of a manifest that are read for its name and version. */
const MOST_BYTES = 1_000_000;

export interface Names {
  name: string;
  version: string;
}

/** The name and the version that the manifest says; empty where it says none, or there is no manifest. */
export async function readNames(picked: Picked): Promise<Names> {
  const text = await (picked.kind === "zip" ? readFromZip(picked.file) : readFromFolder(picked));
  if (text === undefined) return { name: "", version: "" };
  const { parse } = await import("yaml");
  const manifest: unknown = parse(text);
  return { name: textOf(manifest, "name"), version: textOf(manifest, "version") };
}

function textOf(manifest: unknown, field: string): string {
  if (typeof manifest !== "object" || manifest === null) return "";
  const value: unknown = Reflect.get(manifest, field);
  return typeof value === "string" ? value : "";
}

/** At the root, or in the one folder that an archive may have around it. */
function isManifest(path: string): boolean {
  return /^([^/]+\/)?task\.yaml$/.test(path);
}

async function readFromFolder({ files }: Picked & { kind: "folder" }): Promise<string | undefined> {
  const manifest = files.find(({ path }) => path === "task.yaml") ?? files.find(({ path }) => isManifest(path));
  return manifest && manifest.file.size <= MOST_BYTES ? await manifest.file.text() : undefined;
}

async function readFromZip(file: File): Promise<string | undefined> {
  const { BlobReader, TextWriter, ZipReader } = await import("@zip.js/zip.js/lib/zip-core-native.js");
  const archive = new ZipReader(new BlobReader(file), { useWebWorkers: false });
  for await (const entry of archive.getEntriesGenerator()) {
    if (!entry.directory && isManifest(entry.filename) && entry.uncompressedSize <= MOST_BYTES)
      return await entry.getData(new TextWriter());
  }
  return undefined;
}
