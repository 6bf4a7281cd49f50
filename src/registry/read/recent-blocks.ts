/**
 * Blocks of directories that this isolate has read a moment ago, by their cache's key: a look into the Cache API takes as
 * long as a query. Only small ones are kept, so that the many archives of some hundred files are here together.
 */

/** The directory of some 2,500 files. */
export const RECENT_BLOCK_MAX_BYTES = 256 * 1024;
/** Bytes of all that are kept, of the 128 MB that an isolate has. */
const RECENT_MAX_BYTES = 8 * 1024 * 1024;

/** The least recently used first. */
const recent = new Map<string, Uint8Array>();
let held = 0;

/** The block, which its reader does not change; undefined where it is not kept. */
export function findRecentBlock(key: string): Uint8Array | undefined {
  const block = recent.get(key);
  if (block === undefined) return undefined;
  recent.delete(key);
  recent.set(key, block);
  return block;
}

export function keepRecentBlock(key: string, block: Uint8Array): void {
  if (block.byteLength > RECENT_BLOCK_MAX_BYTES || recent.has(key)) return;
  // Its own bytes: a view would hold all of what lies behind it.
  recent.set(key, block.byteLength === block.buffer.byteLength ? block : block.slice());
  held += block.byteLength;
  for (const [oldest, { byteLength }] of recent) {
    if (held <= RECENT_MAX_BYTES) break;
    recent.delete(oldest);
    held -= byteLength;
  }
}
