import { exportEvaluation } from "../../client/index.ts";
import { pourBody, saveBody } from "../base/bodies.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { formatBytes } from "../output/units.ts";
import { findEvaluation } from "./find-evaluation.ts";

interface ExportOptions extends CommonOptions {
  format: "jsonl" | "csv" | "harbor";
  output?: string | undefined;
}

/** `taskyard eval export` */
export async function run(context: Context, reference: string, options: ExportOptions): Promise<void> {
  const { out, signal } = context;
  const { format, output } = options;
  if (format === "harbor" && output === undefined && process.stdout.isTTY) {
    throw usageFailure("harbor is a zip archive, which a terminal cannot show.", "Name a file: --output job.zip");
  }
  const session = await context.session();
  const path = { evaluation_id: await findEvaluation(session, reference, signal) };
  const answer = await exportEvaluation(session.client, { path, query: { format }, signal });
  if (output === undefined) return await pourBody(answer, signal);
  const size = await saveBody(answer, output, { signal });
  out.result(
    { file: output, size },
    () => `${out.paint("green", "✓")} ${output}: ${formatBytes(size)}`,
    () => output,
  );
}
