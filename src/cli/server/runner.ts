import { existsSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { createOwnApiKey, getAccount } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { type Session, openClient } from "../base/session.ts";
import { readSettings, saveServer } from "../base/settings.ts";
import { findCheckout } from "./checkout.ts";
import { findNode, runProgram } from "./run-program.ts";

interface RunnerOptions extends CommonOptions {
  agent?: string | undefined;
  slots?: string | undefined;
  labels?: string | undefined;
  isolation?: string | undefined;
  network?: true | undefined;
}

/** `taskyard runner`: the runner's own program, with the server and the key of the login. */
export async function run({ signal, session }: Context, further: string[], options: RunnerOptions): Promise<void> {
  const { agent, slots, labels, isolation, network } = options;
  const opened = await session();
  const args = [
    "--url",
    opened.url,
    "--org",
    opened.org,
    ...Object.entries({ agent, slots, labels, isolation }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    ),
    ...(network ? ["--network"] : []),
    ...further,
  ];
  const env = {
    ...process.env,
    TASKYARD_RUNNER_KEY: process.env["TASKYARD_RUNNER_KEY"] || (await runnerKey(opened, signal)),
  };
  const [node, program] = findProgram();
  await runProgram(node, [program, ...args], env, signal);
}

/** The runner of a package, or of a checkout. */
function findProgram(): [node: string, program: string] {
  const bundled = path.join(import.meta.dirname, "runner.js");
  if (existsSync(bundled)) return [process.execPath, bundled];
  const checkout = findCheckout() ?? path.resolve(import.meta.dirname, "../../..");
  return [findNode(checkout), path.join(checkout, "src", "runner", "main.ts")];
}

/** The key of this machine's runners: the one that was kept, as long as it is good, or a new one. */
async function runnerKey({ client, url }: Session, signal: AbortSignal): Promise<string> {
  const known = (await readSettings()).servers[url];
  const kept = known?.runner_key;
  if (kept !== undefined && (await isGood(url, kept, signal))) return kept;
  const { key } = await createOwnApiKey(client, {
    body: { name: `runner on ${hostname()}`, scopes: ["runner"] },
    signal,
  });
  if (known) await saveServer(url, { ...known, runner_key: key }, false);
  return key;
}

async function isGood(url: string, key: string, signal: AbortSignal): Promise<boolean> {
  return await getAccount(openClient(url, key), { signal }).then(
    () => true,
    () => false,
  );
}
