/** `npm run bench:cli`: how long `taskyard --version` takes beside Node itself, and whether that is within its bound. */
import { spawnSync } from "node:child_process";
import { buildCli, CLI_PROGRAM } from "../../scripts/build-cli.ts";

/** Milliseconds that the command line may take above Node's own start. */
const MOST_MS = 150;
const ROUNDS = 25;

const time = (args: string[]): number => {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
  return performance.now() - begun;
};

const median = (times: number[]): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;

const { files, bytes } = await buildCli();
// One after the other, so that both meet the same machine.
const rounds = Array.from({ length: ROUNDS }, () => ({
  node: time(["-e", "0"]),
  taskyard: time([CLI_PROGRAM, "--version"]),
}));
const node = median(rounds.map((round) => round.node));
const taskyard = median(rounds.map((round) => round.taskyard));
const more = median(rounds.map((round) => round.taskyard - round.node));
console.log(
  `dist/cli: ${files} files, ${Math.round(bytes / 1000)} kB; Node ${process.versions.node}, ${ROUNDS} rounds, medians`,
);
console.log(
  `node -e 0 ${node.toFixed(0)} ms, taskyard --version ${taskyard.toFixed(0)} ms: ${more.toFixed(0)} ms more`,
);
if (more > MOST_MS) {
  console.error(`That is above ${MOST_MS} ms.`);
  process.exitCode = 1;
}
