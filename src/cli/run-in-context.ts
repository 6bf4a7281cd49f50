import { explainFailure } from "./base/explain-failure.ts";
import type { CommonOptions, Context } from "./base/context.ts";
import { Outcome } from "./base/failure.ts";
import { Interruption, listenForSignals } from "./base/interruption.ts";
import { choosePaint } from "./output/colours.ts";
import { Output } from "./output/output.ts";

/** Carries out a command, says how it failed where it did, and sets the exit code. */
export async function runInContext(options: CommonOptions, run: (context: Context) => Promise<void>): Promise<void> {
  const out = new Output({ json: options.json === true, quiet: options.quiet === true });
  const controller = listenForSignals();
  let advice: string | undefined;
  // Whoever reads the output has seen enough, as `head` does.
  process.stdout.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await run({
      out,
      options,
      signal: controller.signal,
      session: async () => (await import("./base/session.ts")).openSession(options),
      whenInterrupted: (text) => void (advice = text),
    });
  } catch (error) {
    const reason: unknown = controller.signal.aborted ? controller.signal.reason : error;
    if (reason instanceof Interruption) {
      process.stderr.write(`\nInterrupted.${advice === undefined ? "" : ` ${advice}`}\n`);
      process.exitCode = reason.exitCode;
    } else if (reason instanceof Outcome) {
      process.exitCode = reason.exitCode;
    } else {
      await sayFailure(reason, out.json);
    }
  }
}

async function sayFailure(error: unknown, isJson: boolean): Promise<void> {
  const failure = await explainFailure(error);
  process.exitCode = failure.exitCode;
  const { message, hint, exitCode } = failure;
  if (isJson) {
    process.stderr.write(`${JSON.stringify({ error: { message, hint: hint ?? null, exit_code: exitCode } })}\n`);
    return;
  }
  const paint = choosePaint(process.stderr, process.env);
  process.stderr.write(`${paint("red", "error:")} ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
  if (process.env["TASKYARD_DEBUG"]) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}
