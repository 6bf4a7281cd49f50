import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/**
 * The order in which files wait for a free place: those that mostly wait themselves come first, so that something always is
 * there to be computed beside them, and many small ones come last. Files of one project stand together, since a process of the
 * Worker is kept as long as the next file is of its project. Those of the Worker stand in two places: its processes end
 * after ten minutes, which a busy machine may take for all of them.
 */
export class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = (name: string) => sorted.filter(({ project }) => project.name === name);
    const worker = of("worker");
    const middle = Math.ceil(worker.length / 2);
    const others = sorted.filter(({ project }) => !["worker", "node"].includes(project.name));
    return [...others, ...worker.slice(0, middle), ...of("node"), ...worker.slice(middle)];
  }
}
