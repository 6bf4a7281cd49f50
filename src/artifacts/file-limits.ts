import type { Config } from "../config.ts";

const MiB = 1024 * 1024;

/** What decides how large a file may be. */
export interface SizedFile {
  name: string;
  type: string;
  content_type?: string | undefined;
}

function isPdf({ name, content_type = "" }: SizedFile): boolean {
  return content_type.toLowerCase().startsWith("application/pdf") || name.toLowerCase().endsWith(".pdf");
}

/** Bytes that a file may have: those of an artifact, or of a PDF that a user attaches (agent-tasks 7.2). */
export function maxBytesOf(config: Config, file: SizedFile): number {
  const { RUN_ARTIFACT_MAX_BYTES, RUN_ARTIFACT_PDF_MAX_BYTES } = config;
  if (file.type !== "user_attachment" || !isPdf(file)) return RUN_ARTIFACT_MAX_BYTES;
  return Math.min(RUN_ARTIFACT_MAX_BYTES, RUN_ARTIFACT_PDF_MAX_BYTES);
}

/** What to say of a file with more bytes than `limit`, in the contract's words. */
export function describeExcess({ name }: SizedFile, limit: number): string {
  return `${name} exceeds the ${Number((limit / MiB).toFixed(2))}MB attachment limit`;
}
