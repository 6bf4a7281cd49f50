import { listTasks, type TaskSummary } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { readCount } from "../base/words.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge, formatBytes } from "../output/units.ts";

interface ListOptions extends CommonOptions {
  search?: string | undefined;
  tag?: string | undefined;
  all?: true | undefined;
  limit: string;
}

/** Rows of a page at most. */
const PAGE_ROWS = 100;

/** `taskyard task list` */
export async function run({ out, session, signal }: Context, options: ListOptions): Promise<void> {
  const { client, org } = await session();
  const wanted = readCount(options.limit, "--limit");
  const tasks: TaskSummary[] = [];
  for (let page = 1; tasks.length < wanted; page += 1) {
    const answer = await listTasks(client, {
      query: {
        page,
        limit: Math.min(wanted, PAGE_ROWS),
        ...(options.search !== undefined && { search: options.search }),
        ...(options.tag !== undefined && { tags: [options.tag] }),
        ...(options.all && { include_public: true }),
      },
      signal,
    });
    tasks.push(...answer.tasks);
    if (!answer.has_next) break;
  }
  out.list(tasks.slice(0, wanted), {
    head: ["TASK", "VERSION", "SIZE", "PUBLISHED", "VISIBILITY", "DESCRIPTION"],
    cells: (task) => [
      task.org_key === org ? task.name : `${task.org_key}/${task.name}`,
      task.version,
      formatBytes(task.file_size),
      formatAge(task.created_at),
      task.is_public ? "public" : "private",
      safeLine(task.description ?? ""),
    ],
    short: (task) => `${task.org_key}/${task.name}@${task.version}`,
    none: "There are no tasks. Publish one: taskyard task publish FOLDER",
  });
}
