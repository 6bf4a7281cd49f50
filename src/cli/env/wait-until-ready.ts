import { setTimeout as pause } from "node:timers/promises";
import { type EnvironmentResponse, getEnvironment, getEnvironmentLogs, type Taskyard } from "../../client/index.ts";
import type { Context } from "../base/context.ts";
import { EXIT, Failure } from "../base/failure.ts";
import { safeLine, safeText } from "../output/safe-text.ts";

/** Milliseconds between two looks: first, and at most. */
const FIRST_PAUSE_MS = 200;
const MOST_PAUSE_MS = 2_000;
/** Lines of the log that a failure shows. */
const SHOWN_LINES = 15;

/** Waits until an environment is ready, and says what it waits for. Fails where it cannot become ready any more. */
export async function waitUntilReady(
  { out, signal }: Context,
  client: Taskyard,
  made: EnvironmentResponse,
): Promise<EnvironmentResponse> {
  const path = { environment_id: made.id };
  let environment = made;
  let said = "";
  for (let wait = FIRST_PAUSE_MS; environment.state !== "ready"; wait = Math.min(wait * 1.5, MOST_PAUSE_MS)) {
    if (environment.state === "failed" || environment.state === "torn_down")
      throw await explainEnd(client, environment);
    const waiting = environment.waiting_for?.detail;
    const now = `${environment.state}${waiting ? `: ${safeLine(waiting)}` : ""} …`;
    if (now !== said) out.note((said = now));
    await pause(wait, undefined, { signal });
    environment = await getEnvironment(client, { path, signal });
  }
  return environment;
}

async function explainEnd(client: Taskyard, { id, state, error }: EnvironmentResponse): Promise<Failure> {
  const { logs } = await getEnvironmentLogs(client, { path: { environment_id: id } });
  const lines = safeText(logs).trimEnd().split("\n").slice(-SHOWN_LINES);
  const why = error ?? (state === "torn_down" ? "it was ended" : "nothing is known of why");
  return new Failure(
    EXIT.own,
    `The environment did not become ready: ${safeLine(why)}\n  ${lines.join("\n  ")}`,
    `All of its log: taskyard env logs ${id}`,
  );
}
