import { z } from "@hono/zod-openapi";
import {
  type AgentCommand,
  type CommandOutcome,
  failed,
  NO_ANSWER,
  TIMEOUT,
  TOO_LONG,
  toRequest,
} from "../protocol/command-outcome.ts";

export interface CommandDelivery {
  url: URL;
  /** The connection token, as Bearer. */
  token: string;
  command: AgentCommand;
  timeoutSeconds: number;
  answerMaxBytes: number;
}

/** Characters of an agent's error that a caller is shown. */
const ERROR_MAX_LENGTH = 1000;

/**
 * Sends a command to an agent's server and waits for its answer (agent-tasks 8.1). Redirects are not followed: they
 * could lead to a host that nobody allowed.
 */
export async function sendCommand(delivery: CommandDelivery): Promise<CommandOutcome> {
  const { url, token, command } = delivery;
  const signal = AbortSignal.timeout(delivery.timeoutSeconds * 1000);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(toRequest(command)),
      redirect: "manual",
      signal,
    });
  } catch {
    return signal.aborted ? TIMEOUT : NO_ANSWER;
  }
  let answer: Uint8Array<ArrayBuffer> | undefined;
  try {
    answer = await readAtMost(response, delivery.answerMaxBytes);
  } catch {
    return signal.aborted ? TIMEOUT : failed("Agent server broke off its answer");
  }
  if (!answer) return TOO_LONG;
  if (!response.ok) return failed(errorText(answer, secretsOf(delivery)) ?? defaultError(response.status));
  return parseJson(answer) === undefined ? failed("Agent server did not answer with JSON") : { ok: true, answer };
}

function defaultError(status: number): string {
  if (status >= 300 && status < 400) return "Agent server answered with a redirect, which is not followed";
  return `Agent server answered with status ${status}`;
}

/** The body, or undefined as soon as it is longer than allowed. */
async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const errorBody = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

function secretsOf({ url, token }: CommandDelivery): string[] {
  return [token, ...url.searchParams.values()];
}

/** What the agent says went wrong, without the secrets that were sent to it. */
function errorText(answer: Uint8Array, secrets: readonly string[]): string | undefined {
  const body = errorBody.safeParse(parseJson(answer));
  if (!body.success) return undefined;
  const { error } = body.data;
  const text = typeof error === "string" ? error : error.message;
  const shown = secrets.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text).trim();
  return shown === "" ? undefined : shown.slice(0, ERROR_MAX_LENGTH);
}
