import { type Cell, SLOW_READERS } from "./cells.ts";
import type { LoadGenerator } from "./load-generator.ts";
import { residentBytes } from "./process-facts.ts";
import { Results } from "./results.ts";
import type { System } from "./systems.ts";

/**
 * Measures every cell on every system, round by round: all systems one after the other, each round beginning with
 * another one, so that what the machine does meanwhile hits all alike.
 */
export async function runRounds(
  load: LoadGenerator,
  systems: readonly System[],
  cells: readonly Cell[],
  rounds: number,
  signal: AbortSignal,
): Promise<Results> {
  const results = new Results();
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    const order = systems.map((_, index) => systems[(index + round) % systems.length]);
    for (const cell of cells) {
      for (const system of order) {
        signal.throwIfAborted();
        if (system === undefined || round >= cell.rounds || !cell.isFor(system.target)) continue;
        await measureCell(load, system, cell, results);
      }
    }
    console.log(`round ${round + 1} of ${rounds}: ${Math.round((performance.now() - started) / 1000)} s`);
  }
  return results;
}

async function measureCell(load: LoadGenerator, system: System, cell: Cell, results: Results): Promise<void> {
  const { name } = system.target;
  if (results.failure(cell.id, name) !== undefined) return;
  const memory: number[] = [];
  try {
    const outcome = await load.measure(cell.order.name, system.target, cell.order.shape, async () => {
      memory.push(await residentBytes(system.server));
    });
    const [before = 0, after = 0] = memory;
    const held = (after - before) / 1e6 / SLOW_READERS;
    if (outcome !== undefined) results.add(cell, name, { ...outcome, memory: held });
  } catch (error) {
    results.fail(cell, name, error instanceof Error ? error.message : String(error));
  }
}
