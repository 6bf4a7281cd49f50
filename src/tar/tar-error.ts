/**
 * Why a tar cannot be read. `reason` is a stable kebab-case word for programs, the message is for people. Errors of the
 * source itself pass through as they are.
 */
export class TarError extends Error {
  override readonly name = "TarError";
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
