import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const SHARED_MEMORY = "/dev/shm";
/** What statfs(2) calls a file system in memory. */
const TMPFS = 0x01021994;
/** Free bytes that a run of all tests gets along with. */
const ROOM_BYTES = 4 * 1024 ** 3;

/**
 * Where tests keep the databases and buckets that they throw away: in memory if there is room, so that nobody waits until a
 * disk has them; else in the folder for temporary files.
 */
export function memoryFolder(): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    const { type, bavail, bsize } = statfsSync(SHARED_MEMORY);
    return type === TMPFS && bavail * bsize >= ROOM_BYTES ? SHARED_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
