import { Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { unzipSync } from "fflate";
import { unzip } from "unzipit";
import { findEntry } from "../../src/zip/read/entry.ts";
import { openEntry } from "../../src/zip/read/entry-stream.ts";
import type { KnownDirectory } from "../../src/zip/read/locate.ts";
import type { CountingFile } from "./file-source.ts";
import { openYauzl, unzipitReader, ZipJsReader } from "./listers.ts";

/** Reads one entry of an archive that nothing is known of, or whose directory's place is. */
export type Extractor = (file: CountingFile, name: string, place: KnownDirectory) => Promise<Uint8Array>;

export const extractors: Record<string, Extractor> = {
  ours: (file, name) => extract(file, undefined, name),
  "ours, place known": (file, name, place) => extract(file, place, name),
  unzipit: async (file, name) => {
    const { entries } = await unzip(unzipitReader(file));
    file.markFound();
    return new Uint8Array((await entries[name]?.arrayBuffer()) ?? []);
  },
  fflate: async (file, name) => {
    const bytes = await file.readRange(0, file.length);
    file.markFound();
    return unzipSync(bytes, { filter: (entry) => entry.name === name })[name] ?? new Uint8Array(0);
  },
  "zip.js": async (file, name) => {
    const entries = await new ZipReader(new ZipJsReader(file), { useWebWorkers: false }).getEntries();
    const entry = entries.find(({ filename }) => filename === name);
    file.markFound();
    if (entry === undefined || entry.directory) throw new Error(`no ${name}`);
    return entry.getData(new Uint8ArrayWriter());
  },
  yauzl: async (file, name) => {
    const zip = await openYauzl(file);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== name) continue;
      file.markFound();
      return collect(await zip.openReadStreamPromise(entry));
    }
    throw new Error(`no ${name}`);
  },
};

async function extract(file: CountingFile, place: KnownDirectory | undefined, name: string): Promise<Uint8Array> {
  const entry = await findEntry(file, place, name);
  file.markFound();
  if (entry === undefined) throw new Error(`no ${name}`);
  return collect(await openEntry(file, entry));
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
