/**
 * Why an archive cannot be read. `reason` is a stable kebab-case word for programs, the message is for people and names
 * the entry where there is one. Everything in zip/ refuses an archive with this class and no other; errors of the
 * source itself (the store is down) pass through as they are.
 */
export class ZipError extends Error {
  override readonly name = "ZipError";
  readonly reason: string;
  /** The entry at fault, as the archive spells it; undefined when the archive as a whole is. */
  readonly entry: string | undefined;

  constructor(reason: string, message: string, entry?: string) {
    super(entry === undefined ? message : `${JSON.stringify(entry)}: ${message}`);
    this.reason = reason;
    this.entry = entry;
  }
}
