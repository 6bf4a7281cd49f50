import type { Analytics, Summary, TaskAnalytics } from "./analytics-schema.ts";
import { ItemGroup } from "./item-group.ts";
import type { ItemResult } from "./item-result.ts";
import { clusteredMean } from "./mean.ts";
import { passAtK } from "./pass-at-k.ts";

interface Task {
  name: string;
  items: ItemGroup;
}

/**
 * The statistics of an evaluation, from its items one by one: constant work an item, and memory of a few numbers each. It
 * imports nothing of ours and keeps no item. Add each item once; a tally of items that have changed is made anew.
 */
export class Tally {
  /** k of pass@k and pass^k goes up to it. */
  readonly #attempts: number;
  readonly #all = new ItemGroup();
  /** By task_ref, in the order in which they came. */
  readonly #tasks = new Map<string, Task>();

  constructor(attempts: number) {
    this.#attempts = attempts;
  }

  add(item: ItemResult): void {
    let task = this.#tasks.get(item.taskRef);
    if (task === undefined) {
      task = { name: item.taskName, items: new ItemGroup() };
      this.#tasks.set(item.taskRef, task);
    }
    task.items.add(item);
    this.#all.add(item);
  }

  /** The numbers of all items together. */
  summary(): Summary {
    return this.#summarize(
      this.#all,
      [...this.#tasks.values()].map(({ items }) => items),
    );
  }

  /** The same numbers task by task, for answers that are streamed or paged. */
  *tasks(): Generator<TaskAnalytics> {
    for (const [task_ref, { name, items }] of this.#tasks) {
      yield { task_ref, task_name: name, ...this.#summarize(items, [items]) };
    }
  }

  #summarize(items: ItemGroup, tasks: readonly ItemGroup[]): Summary {
    const { counts, pass_rate, durations, usage } = items.numbers();
    return {
      counts,
      pass_rate,
      mean_reward: clusteredMean(tasks.map(({ rewards }) => rewards)),
      ...passAtK(
        tasks.map(({ passes }) => passes),
        this.#attempts,
      ),
      durations,
      usage,
    };
  }
}

/** All numbers of an evaluation with `attempts` attempts a task. */
export function analyticsOf(items: Iterable<ItemResult>, attempts: number): Analytics {
  const tally = new Tally(attempts);
  for (const item of items) tally.add(item);
  return { ...tally.summary(), tasks: [...tally.tasks()] };
}
