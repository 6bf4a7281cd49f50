import { createTaskSet } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { plural } from "../output/units.ts";

interface CreateOptions extends CommonOptions {
  description?: string | undefined;
  tag?: string[] | undefined;
  public?: true | undefined;
}

/** `taskyard task-set create` */
export async function run(
  { out, session, signal }: Context,
  name: string,
  tasks: string[],
  options: CreateOptions,
): Promise<void> {
  const { client } = await session();
  const set = await createTaskSet(client, {
    body: {
      name,
      tasks,
      ...(options.description !== undefined && { description: options.description }),
      ...(options.tag && { tags: options.tag }),
      ...(options.public && { is_public: true }),
    },
    signal,
  });
  const reference = `${set.org_key}/${set.name}@${set.version}`;
  out.result(
    set,
    () => `${out.paint("green", "✓")} ${reference}: ${plural(set.task_count, "task")}`,
    () => reference,
  );
  out.next(`taskyard eval create --task-set ${set.name} --agent oracle --watch`);
}
