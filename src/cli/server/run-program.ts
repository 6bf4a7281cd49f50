import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { EXIT, Failure, Outcome } from "../base/failure.ts";

/**
 * Runs another program of Taskyard in place of this one: on the same terminal, which tells it of Ctrl-C by itself. Ends as it does.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(program, args, { stdio: "inherit", env });
  // A signal to this process alone is passed on; Ctrl-C has reached both.
  signal.addEventListener("abort", () => void (process.stdin.isTTY || child.kill("SIGTERM")), { once: true });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (signal.aborted || code === 0) return;
  throw new Outcome(code ?? EXIT.failure);
}

/** A Node that runs TypeScript: this one, or the one that the checkout has installed. */
export function findNode(checkout: string): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 23 || (major === 22 && minor >= 18)) return process.execPath;
  const own = path.join(checkout, "node_modules", ".bin", "node");
  if (existsSync(own)) return own;
  throw new Failure(
    EXIT.usage,
    `Node ${process.versions.node} is too old for that.`,
    `Run \`npm ci\` in ${checkout}: it installs one that is not.`,
  );
}
