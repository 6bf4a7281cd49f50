import { createEnvironment, deleteEnvironment } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { keepEnvironment } from "../base/environment-tokens.ts";
import { readDuration, readPairs } from "../base/words.ts";
import { clearingSignal } from "../base/interruption.ts";
import { safeLine, safeText } from "../output/safe-text.ts";
import { formatAge } from "../output/units.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

interface CreateOptions extends CommonOptions {
  for: string;
  input?: string[] | undefined;
  secret?: string[] | undefined;
  label?: string[] | undefined;
  sandbox?: "embedded" | "runner" | "container" | undefined;
  wait: boolean;
}

/** `taskyard env create` */
export async function run(context: Context, task: string, options: CreateOptions): Promise<void> {
  const { out, signal } = context;
  const { client, url } = await context.session();
  const inputs = readPairs(options.input, "--input");
  const made = await createEnvironment(client, {
    body: {
      task_ref: task,
      timeout_sec: readDuration(options.for),
      ...(inputs && { inputs }),
      ...(options.secret && { secret_ids: options.secret }),
      ...(options.label && { runner_labels: options.label }),
      ...(options.sandbox && { sandbox_provider: options.sandbox }),
    },
    signal,
  });
  const { id, execute_token: token } = made;
  if (token !== null) await keepEnvironment({ id, url, token, task_ref: made.task_ref });
  for (const warning of made.warnings) out.warn(safeLine(warning));
  let shown = made;
  if (options.wait && made.state !== "ready") {
    try {
      shown = await waitUntilReady(context, client, made);
    } catch (error) {
      // Nobody would know of it: its id is not told yet.
      if (signal.aborted) {
        await deleteEnvironment(client, { path: { environment_id: id }, signal: clearingSignal() });
        context.whenInterrupted("The environment was ended again.");
      }
      throw error;
    }
  }
  out.result(
    { ...shown, execute_token: token },
    () =>
      safeText(
        out.fields([
          ["environment", id],
          ["task", `${made.task.org_key}/${made.task.name}@${made.task.version}`],
          ["state", shown.state],
          ["sandbox", shown.sandbox_provider.kind],
          ["ends", shown.expires_at === null ? null : `${formatAge(shown.expires_at)} (${shown.expires_at})`],
          ["instruction", shown.instruction?.trimEnd()],
        ]),
      ),
    () => id,
  );
  out.next(`taskyard env shell latest`);
}
