/**
 * Writes a folder into `fflate.zip` (zipSync), `fflate-streamed.zip` (its Zip class, with data descriptors), `zipjs.zip`
 * and `zipjs-zip64.zip`: `node write-javascript.ts FOLDER OUTPUT_FOLDER`.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { Zip, ZipDeflate, zipSync } from "fflate";
import type { AsyncZippable } from "fflate";

const [folder = ".", output = "."] = process.argv.slice(2);
const date = new Date("2026-01-02T03:04:06Z");
const files = new Map<string, { bytes: Uint8Array; mode: number }>();
for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
  const stat = statSync(join(folder, path));
  if (stat.isFile()) files.set(path, { bytes: readFileSync(join(folder, path)), mode: stat.mode });
}

const tree: Record<string, AsyncZippable[string]> = {};
for (const [path, { bytes, mode }] of files) tree[path] = [bytes, { mtime: date, os: 3, attrs: mode * 65_536 }];
writeFileSync(join(output, "fflate.zip"), zipSync(tree));

const chunks: Uint8Array[] = [];
const stream = new Zip((error, chunk) => {
  if (error) throw error;
  chunks.push(chunk);
});
for (const [path, { bytes }] of files) {
  const entry = new ZipDeflate(path, { level: 9 });
  entry.mtime = date;
  stream.add(entry);
  entry.push(bytes, true);
}
stream.end();
writeFileSync(join(output, "fflate-streamed.zip"), Buffer.concat(chunks));

for (const zip64 of [false, true]) {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { zip64, lastModDate: date, useWebWorkers: false });
  for (const [path, { bytes, mode }] of files) {
    await writer.add(path, new Uint8ArrayReader(bytes), { externalFileAttributes: mode * 65_536 });
  }
  writeFileSync(join(output, zip64 ? "zipjs-zip64.zip" : "zipjs.zip"), await writer.close());
}
