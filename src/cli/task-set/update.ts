import { getTaskSet, updateTaskSet } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { readReference } from "../base/words.ts";
import { plural } from "../output/units.ts";

interface UpdateOptions extends CommonOptions {
  add?: string[] | undefined;
  remove?: string[] | undefined;
  description?: string | undefined;
  public?: true | undefined;
  private?: true | undefined;
}

/** `taskyard task-set update` */
export async function run({ out, session, signal }: Context, name: string, options: UpdateOptions): Promise<void> {
  const { add, remove, description } = options;
  if (options.public && options.private) throw usageFailure("--public and --private exclude each other.");
  const { client, org } = await session();
  const isListed = add !== undefined || remove !== undefined;
  const tasks = isListed
    ? changeTasks((await getTaskSet(client, { path: { name }, signal })).tasks, org, add, remove)
    : undefined;
  const body = {
    ...(tasks && { tasks }),
    ...(description !== undefined && { description }),
    ...((options.public || options.private) && { is_public: options.public === true }),
  };
  if (Object.keys(body).length === 0)
    throw usageFailure("Nothing is to be changed.", "See `taskyard task-set update --help`.");
  const set = await updateTaskSet(client, { path: { name }, body, signal });
  const reference = `${set.org_key}/${set.name}@${set.version}`;
  out.result(
    set,
    () => `${out.paint("green", "✓")} ${reference}: ${plural(set.task_count, "task")}`,
    () => reference,
  );
}

/** The tasks without those that go, and with those that come at the end. */
function changeTasks(tasks: readonly string[], org: string, add: string[] = [], remove: string[] = []): string[] {
  const whole = (text: string) => (text.includes("/") ? text : `${org}/${text}`);
  const nameOf = (text: string) => {
    const { org: owner = org, name } = readReference(text);
    return `${owner}/${name}`;
  };
  const gone = new Set<string>();
  for (const text of remove) {
    const found = tasks.find((task) => task === whole(text) || nameOf(task) === whole(text));
    if (found === undefined) throw usageFailure(`${text} is not in the set.`);
    gone.add(found);
  }
  return [...tasks.filter((task) => !gone.has(task)), ...add];
}
