/** Starts programs as the runner does, from a process that inherited more than it should; prints what they have. */
import { startProgram } from "../../../src/runner/process/program.ts";
import { ISOLATION, runIn, withSandbox } from "./commands.ts";

/** Without opening a folder, which would be one more descriptor. */
const LIST = 'for n in {0..300}; do [ -e /proc/$$/fd/$n ] && echo -n "$n "; done';

const [kind] = process.argv.slice(2);
if (kind === "none" || kind === "bubblewrap") {
  const { stdout, stderr } = await withSandbox({ ...ISOLATION, kind }, (sandbox) => runIn(sandbox, LIST));
  process.stdout.write(stdout + stderr);
} else {
  const program = await startProgram({ argv: ["/bin/bash", "-c", LIST], cwd: "/", env: {} });
  program.stdout.pipe(process.stdout);
  await program.ended;
}
