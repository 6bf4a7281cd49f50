import { readFile } from "node:fs/promises";
import { pourBody, saveBody } from "../base/bodies.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure, Outcome, usageFailure } from "../base/failure.ts";

interface ApiOptions extends CommonOptions {
  data?: string | undefined;
  header?: string[] | undefined;
  output?: string | undefined;
  include?: true | undefined;
}

/** What a status of 400 and above means to a script. */
function exitCodeOf(status: number): number {
  if (status === 404 || status === 410) return EXIT.notFound;
  return status >= 500 ? EXIT.failure : EXIT.refused;
}

/** `taskyard api`: a request as it is, and the answer as it comes. */
export async function run(context: Context, method: string, path: string, options: ApiOptions): Promise<void> {
  const { signal } = context;
  if (!path.startsWith("/")) throw usageFailure(`${path} is no path.`, "It begins with a slash, such as /api/v1/user.");
  const { client, url, org, workspace } = await context.session();
  const headers = new Headers();
  if (options.data !== undefined) headers.set("Content-Type", "application/json");
  for (const text of options.header ?? []) {
    const [, name, value = ""] = /^([\w-]+):\s*(.*)$/.exec(text) ?? [];
    if (name === undefined) throw usageFailure(`${text} is no header.`, "Write -H 'Name: value'.");
    headers.set(name, value);
  }
  headers.set("Authorization", `Bearer ${await client.apiKey()}`);
  const place = path.replaceAll("{org}", encodeURIComponent(org)).replaceAll("{ws}", encodeURIComponent(workspace));
  const body = options.data === undefined ? undefined : await readData(options.data);
  const answer = await fetch(`${url}${place}`, {
    method: method.toUpperCase(),
    headers,
    signal,
    redirect: "manual",
    ...(body !== undefined && { body }),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Failure(
      EXIT.network,
      `${url} got no answer: ${cause}`,
      "Is the server there? `taskyard whoami` shows which one is meant.",
    );
  });
  if (options.include) {
    process.stdout.write(`HTTP ${answer.status} ${answer.statusText}\n`);
    for (const [name, value] of answer.headers) process.stdout.write(`${name}: ${value}\n`);
    process.stdout.write("\n");
  }
  if (options.output !== undefined && answer.ok) await saveBody(answer, options.output, { signal });
  else await pourBody(answer, signal);
  if (process.stdout.isTTY) process.stdout.write("\n");
  if (answer.status >= 400) throw new Outcome(exitCodeOf(answer.status));
}

/** A body: as it stands, of a file (`@FILE`), or of standard input (`@-`). */
async function readData(data: string): Promise<string | Uint8Array<ArrayBuffer>> {
  if (!data.startsWith("@")) return data;
  if (data !== "@-") return await readFile(data.slice(1));
  const pieces: Uint8Array[] = [];
  for await (const chunk of process.stdin) pieces.push(chunk);
  return Buffer.concat(pieces);
}
