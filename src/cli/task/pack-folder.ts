import type { Context } from "../base/context.ts";
import { formatBytes, plural } from "../output/units.ts";
import { safeLine } from "../output/safe-text.ts";
import { type PackedArchive, packFiles } from "../packing/pack.ts";
import type { FolderListing, PackedFile } from "../packing/walk.ts";

/** Files that are shown before the rest is counted. */
const SHOWN_FILES = 20;
/** Bytes from which on packing takes long enough to be shown. */
const SHOWN_BYTES = 20_000_000;

/** Packs the files, and shows how far that is where it takes long. */
export async function packTask(context: Context, listing: FolderListing): Promise<PackedArchive> {
  const { out, signal } = context;
  const progress = listing.size >= SHOWN_BYTES ? out.progress("Packing", listing.size) : undefined;
  try {
    return await packFiles(listing.files, { signal, onRead: (bytes) => progress?.at(bytes) });
  } finally {
    progress?.end();
  }
}

/** The files that are packed, as people see them. */
export function describeFiles({ files, ignored, size }: FolderListing): string {
  const width = Math.max(...files.slice(0, SHOWN_FILES).map((file) => formatBytes(file.size).length), 0);
  const lines = files.slice(0, SHOWN_FILES).map((file) => `  ${describeFile(file, width)}`);
  if (files.length > SHOWN_FILES) lines.push(`  … and ${files.length - SHOWN_FILES} more`);
  const left = ignored === 0 ? "" : `, ${ignored} left out`;
  return [...lines, `${plural(files.length, "file")}, ${formatBytes(size)}${left}`].join("\n");
}

function describeFile({ path, size, mode }: PackedFile, width: number): string {
  return `${formatBytes(size).padStart(width)}  ${safeLine(path)}${mode === 0o755 ? " *" : ""}`;
}
