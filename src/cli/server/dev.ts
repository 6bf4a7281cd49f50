import path from "node:path";
import type { CommonOptions, Context } from "../base/context.ts";
import { requireCheckout } from "./checkout.ts";
import { findNode, runProgram } from "./run-program.ts";

interface DevOptions extends CommonOptions {
  port: string;
  state?: string | undefined;
}

/** `taskyard dev`: what `npm run dev` runs. */
export async function run({ signal, out }: Context, options: DevOptions): Promise<void> {
  const checkout = requireCheckout();
  const env = {
    ...process.env,
    // What it builds is built by the Node that npm has installed.
    PATH: [path.join(checkout, "node_modules", ".bin"), process.env["PATH"]].join(path.delimiter),
    PORT: options.port,
    ...(options.state !== undefined && { TASKYARD_STATE: path.resolve(options.state) }),
  };
  const folder = path.relative(process.cwd(), options.state ?? path.join(checkout, ".taskyard")) || ".";
  out.next(`in another terminal, once it listens: taskyard login --dev${folder === ".taskyard" ? "" : ` ${folder}`}`);
  await runProgram(findNode(checkout), [path.join(checkout, "scripts", "dev.ts")], env, signal);
}
