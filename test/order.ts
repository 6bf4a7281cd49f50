import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

const isLive = ({ project }: TestSpecification) => project.name === "live";

/**
 * The order in which files wait for a free place: those that mostly wait themselves come first, so that something always is
 * there to be computed beside them. Files of one project stand together, since a process of the Worker is kept as long as the
 * next file is of its project.
 */
export class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLive), ...sorted.filter((file) => !isLive(file))];
  }
}
