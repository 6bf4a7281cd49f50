import {
  followCommand,
  getEnvironmentCommand,
  killEnvironmentCommand,
  startEnvironmentCommand,
} from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { requireEnvironment } from "../base/environment-tokens.ts";
import { EXIT, Failure, Outcome, usageFailure } from "../base/failure.ts";
import { clearingSignal } from "../base/interruption.ts";
import { quoteWords, readDuration, readPairs } from "../base/words.ts";

interface ExecOptions extends CommonOptions {
  stdin?: true | undefined;
  env?: string[] | undefined;
  cwd?: string | undefined;
  timeout?: string | undefined;
  detach?: true | undefined;
  exitCode?: true | undefined;
}

/** Characters of standard input at most; more is a file. */
const STDIN_MAX_LENGTH = 1_000_000;

/** `taskyard env exec` */
export async function run(context: Context, reference: string, words: string[], options: ExecOptions): Promise<void> {
  const { out, signal } = context;
  const { client, url } = await context.session();
  const { id, token } = await requireEnvironment(reference, url);
  const env = readPairs(options.env, "--env");
  const headers = { "X-Environment-Token": token };
  const started = await startEnvironmentCommand(client, {
    path: { environment_id: id },
    headers,
    body: {
      command: words.length === 1 ? (words[0] ?? "") : quoteWords(words),
      ...(env && { env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.timeout !== undefined && { timeout_sec: readDuration(options.timeout) }),
      ...(options.stdin && { stdin: await readAll() }),
    },
    signal,
  });
  const path = { environment_id: id, command_id: started.command_id };
  if (options.detach) {
    return out.result(
      started,
      () => started.command_id,
      () => started.command_id,
    );
  }
  const pieces: Uint8Array[] = [];
  try {
    for await (const bytes of followCommand(client, { path, token, signal })) {
      if (out.json) pieces.push(bytes);
      else out.write(bytes);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    context.whenInterrupted("The server did not say that the command was ended: it may go on.");
    await killEnvironmentCommand(client, { path, headers, signal: clearingSignal() });
    context.whenInterrupted("The command was ended; the environment is still there.");
    throw error;
  }
  const ended = await getEnvironmentCommand(client, { path, headers, signal });
  if (out.json) {
    const output = Buffer.concat(pieces).toString("utf8");
    process.stdout.write(`${JSON.stringify({ ...ended, output }, null, 2)}\n`);
  }
  if (ended.truncated) out.warn("The command wrote more than is kept: the rest is not shown.");
  if (ended.status === "exited" && ended.exit_code === 0) return;
  if (ended.status !== "exited") throw new Failure(EXIT.own, describeEnd(ended));
  out.note(`The command ended with ${ended.exit_code}.`);
  throw new Outcome(options.exitCode ? (ended.exit_code ?? EXIT.own) : EXIT.own);
}

function describeEnd({
  status,
  reason,
  timeout_sec: seconds,
}: Awaited<ReturnType<typeof getEnvironmentCommand>>): string {
  const why = reason === null ? "" : `: ${reason}`;
  if (status === "timed_out") return `The command's time was up after ${seconds} seconds.`;
  return status === "killed" ? `The command was killed${why}.` : `The command was lost${why}.`;
}

async function readAll(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > STDIN_MAX_LENGTH) {
      throw usageFailure(
        "Standard input is too long for a command.",
        "Copy it first: taskyard env cp FILE ENVIRONMENT:/tmp/FILE",
      );
    }
  }
  return text;
}
