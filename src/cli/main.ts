#!/usr/bin/env node
import { CommanderError } from "@commander-js/extra-typings";
import { EXIT } from "./base/failure.ts";
import { buildProgram } from "./program.ts";

/** `taskyard`, the command line (docs/cli.md). */
try {
  const program = await buildProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version end with 0; what is wrong with a command line was said already.
  process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
}
// Connections that are kept for a next request would hold the program back.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
