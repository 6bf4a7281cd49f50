/** What an archive may hold at most. Every size is in bytes. */
export interface CheckLimits {
  /** Entries, directories included. */
  readonly maxEntries: number;
  /** The central directory, which the check holds in memory. */
  readonly maxDirectoryBytes: number;
  /** All entries together, uncompressed. */
  readonly maxTotalBytes: number;
  /** One entry, uncompressed. */
  readonly maxEntryBytes: number;
  /** All entries together, uncompressed, divided by the archive's own length. */
  readonly maxRatio: number;
  /** Archives that unpack to no more than this are not asked for their ratio. */
  readonly ratioFloorBytes: number;
  /** One entry's name, in UTF-8. */
  readonly maxNameBytes: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export const DEFAULT_CHECK_LIMITS: CheckLimits = {
  // As many as a directory of `maxDirectoryBytes` holds with names of usual length.
  maxEntries: 500_000,
  // With the check's own arrays (20 bytes an entry) it leaves half of an isolate's 128 MB to the rest of the Worker.
  maxDirectoryBytes: 48 * MIB,
  // Inflating goes at some 300 MB/s: a minute of CPU time, in several steps when a Workflow does it.
  maxTotalBytes: 16 * GIB,
  // One entry is inflated in one step, which has at most five minutes of CPU time.
  maxEntryBytes: 5 * GIB,
  // PyPI's rule: of its 13,468 most used packages none comes near it.
  maxRatio: 50,
  // Below it a bomb does no harm, and logs or empty data sets compress better than 50 to 1.
  ratioFloorBytes: 64 * MIB,
  // What object stores allow for a key.
  maxNameBytes: 1024,
};
