import type { DirectoryPlace } from "../../zip/read/locate.ts";
import { findEntry } from "../../zip/read/entry.ts";
import { openEntry } from "../../zip/read/entry-stream.ts";
import type { ZipSource } from "../../zip/read/source.ts";

/** Bytes of a readme that are shown: more than people read. The rest is a file like any other. */
const README_MAX_BYTES = 512 * 1024;

/** A readme as TaskReadmeResponse shows it. */
export interface Readme {
  content: string;
  path: string;
  truncated: boolean;
}

/** Reads the readme at `path`, in UTF-8, as far as it is shown; undefined when there is none. */
export async function readReadme(
  source: ZipSource,
  place: DirectoryPlace,
  path: string | null,
): Promise<Readme | undefined> {
  const entry = path === null ? undefined : await findEntry(source, place, path);
  if (entry === undefined) return undefined;
  const length = Math.min(entry.size, README_MAX_BYTES);
  const bytes = await new Response(await openEntry(source, entry, { offset: 0, length })).bytes();
  const truncated = length < entry.size;
  // As a stream, the decoder keeps back a character that the cut has split.
  const content = new TextDecoder().decode(bytes, { stream: truncated });
  return { content, path: entry.name, truncated };
}
