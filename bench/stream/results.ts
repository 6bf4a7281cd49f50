import { summarize, type Summary } from "../measure/statistics.ts";
import type { Cell } from "./cells.ts";

/** All that was measured, by cell, system and figure. */
export class Results {
  readonly #values = new Map<string, number[]>();
  readonly #failures = new Map<string, string>();

  add(cell: Cell, system: string, outcome: object): void {
    for (const { key } of cell.metrics) {
      const value: unknown = Reflect.get(outcome, key);
      if (typeof value !== "number") continue;
      const place = `${cell.id} ${system} ${key}`;
      this.#values.set(place, [...(this.#values.get(place) ?? []), value]);
    }
  }

  /** What a system did wrong; it is not measured in this cell any more. */
  fail(cell: Cell, system: string, reason: string): void {
    this.#failures.set(`${cell.id} ${system}`, reason);
  }

  failure(cellId: string, system: string): string | undefined {
    return this.#failures.get(`${cellId} ${system}`);
  }

  /** Of each round, in their order; empty where nothing was measured, or something went wrong. */
  values(cellId: string, system: string, metric: string): readonly number[] {
    if (this.failure(cellId, system) !== undefined) return [];
    return this.#values.get(`${cellId} ${system} ${metric}`) ?? [];
  }

  /** Undefined where nothing was measured, or something went wrong. */
  summary(cellId: string, system: string, metric: string): Summary | undefined {
    const values = this.values(cellId, system, metric);
    return values.length === 0 ? undefined : summarize(values);
  }

  median(cellId: string, system: string, metric: string): number | undefined {
    return this.summary(cellId, system, metric)?.median;
  }

  get failures(): readonly string[] {
    return [...this.#failures].map(([place, reason]) => `${place}: ${reason}`);
  }
}
