import { distance } from "fastest-levenshtein";
import { createEvaluation, type CreateEvaluationRequest } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { readCount } from "../base/words.ts";
import { safeLine } from "../output/safe-text.ts";
import { plural } from "../output/units.ts";
import { DEFAULT_FILE, readEvaluationFile } from "./read-file.ts";
import { watchEvaluation } from "./watch-evaluation.ts";

interface CreateOptions extends CommonOptions {
  task?: string[] | undefined;
  taskSet?: string | undefined;
  agent?: string | undefined;
  model?: string | undefined;
  name?: string | undefined;
  attempts?: string | undefined;
  concurrency?: string | undefined;
  label?: string[] | undefined;
  sandbox?: "embedded" | "runner" | "container" | undefined;
  watch?: true | undefined;
}

/** Words for an agent that are long enough to be mistyped: `nop` is as near to the names of programs. */
const LONG_NAMES = ["oracle", "runner"];
/** Characters exchanged, inserted or left out. */
const MAX_SLIP = 2;

/** `taskyard eval create` */
export async function run(context: Context, file: string | undefined, options: CreateOptions): Promise<void> {
  const { out, signal } = context;
  const namesTasks = options.task !== undefined || options.taskSet !== undefined;
  const fields =
    file === undefined && namesTasks ? {} : await readEvaluationFile(file ?? DEFAULT_FILE).catch(explainMissing);
  const body = { ...defaultsOf(fields, options), ...fields, ...fieldsOf(fields, options) };
  const session = await context.session();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server says what is wrong with a file
  const made = await createEvaluation(session.client, { body: body as unknown as CreateEvaluationRequest, signal });
  for (const warning of made.warnings) out.warn(safeLine(warning));
  const items = plural(made.total_samples, "item");
  if (!options.watch) {
    out.result(
      made,
      () => `${out.paint("green", "✓")} ${made.id}: ${items} of ${safeLine(made.name)}`,
      () => made.id,
    );
    return out.next("taskyard eval watch latest");
  }
  out.note(`${made.id}: ${items}`);
  await watchEvaluation(context, session, made.id);
}

/** What the API asks for and nobody has to think about. */
function defaultsOf(fields: Record<string, unknown>, { task, taskSet, agent }: CreateOptions): Record<string, unknown> {
  const tasks = Array.isArray(fields["task_names"]) ? fields["task_names"] : task;
  const what = taskSet ?? (typeof fields["task_set"] === "string" ? fields["task_set"] : tasks?.join(", "));
  const by = agent ?? (typeof fields["agent"] === "string" ? fields["agent"] : "agent");
  return { name: `${by} on ${what ?? "a data set"}`.slice(0, 255), model: "none" };
}

function fieldsOf(fields: Record<string, unknown>, options: CreateOptions): Record<string, unknown> {
  const { task, taskSet, attempts, concurrency, model, name, sandbox } = options;
  // Only one of the three says what is evaluated: what the command line names takes the place of the file's.
  const others =
    task || taskSet !== undefined ? { task_names: undefined, task_set: undefined, dataset: undefined } : {};
  return {
    ...others,
    ...(task && { task_names: task }),
    ...(taskSet !== undefined && { task_set: taskSet }),
    ...(attempts !== undefined && { attempts: readCount(attempts, "--attempts") }),
    ...(concurrency !== undefined && { concurrency: readCount(concurrency, "--concurrency") }),
    ...(model !== undefined && { model }),
    ...(name !== undefined && { name }),
    ...(sandbox && { sandbox_provider: sandbox }),
    ...agentOf(fields["agent"], options),
  };
}

function agentOf(own: unknown, { agent, label }: CreateOptions): { agent?: unknown } {
  if (agent === "oracle" || agent === "nop") {
    if (label) throw usageFailure(`${agent} runs in the environment: no runner is looked for by --label.`);
    return { agent };
  }
  const meant = agent === undefined ? undefined : slipOf(agent);
  if (meant !== undefined) {
    const hint = `A command of that name would be --agent ./${agent}, or with its arguments.`;
    throw usageFailure(`${agent} is no agent. Did you mean ${meant}?`, hint);
  }
  if (agent !== undefined && agent !== "runner") return { agent: { inside: true, command: agent } };
  if (agent === undefined && !label) return {};
  const given = agent === undefined && typeof own === "object" && own !== null ? own : {};
  return { agent: { ...given, ...(label && { labels: label }) } };
}

/** The agent that was meant by what is one of them but for a slip of the keyboard: as a command it would fail in every item. */
function slipOf(agent: string): string | undefined {
  return LONG_NAMES.find((name) => agent !== name && distance(agent, name) <= MAX_SLIP);
}

function explainMissing(error: unknown): never {
  if (error instanceof Error && "code" in error && error.code === "ENOENT" && "path" in error) {
    throw usageFailure(
      `There is no ${String(error.path)}.`,
      "Name tasks (--task TASK --agent oracle), or write a file: docs/cli.md shows one.",
    );
  }
  throw error;
}
