import { join } from "node:path";
import { PlainError } from "../../scripts/command.ts";
import { findPort } from "../measure/free-port.ts";
import { Inspector } from "../measure/inspector.ts";
import { formatNumber, formatTable } from "../measure/table.ts";
import { CELLS } from "./cells.ts";
import { LoadGenerator } from "./load-generator.ts";
import { bundleOurs, startTaskyard } from "./systems.ts";

/** How long a load lasts that has a duration: so long that what is made before it does not count. */
const LOAD_MS = 5_000;
/** Functions that are named. */
const TOP = 40;

/**
 * Prints in which functions the CPU time of ours goes while it is under one cell's load, once warm. Worker and objects are one
 * isolate here, so both are in it; what the runtime does outside of JavaScript is "(program)".
 */
export async function printProfile(cellId: string, folder: string, signal: AbortSignal): Promise<void> {
  const cell = CELLS.find(({ id }) => id === cellId);
  if (!cell) throw new PlainError(`--profile takes one of ${CELLS.map(({ id }) => id).join(", ")}.`);
  const { name } = cell.order;
  const shape =
    typeof cell.order.shape === "object" && "milliseconds" in cell.order.shape
      ? { ...cell.order.shape, milliseconds: LOAD_MS }
      : cell.order.shape;
  const inspectorPort = await findPort();
  const system = await startTaskyard(await bundleOurs(folder), join(folder, "profiled"), signal, { inspectorPort });
  const load = new LoadGenerator(signal);
  try {
    await load.measure(name, system.target, shape);
    const inspector = await Inspector.connect(inspectorPort, "taskyard");
    let outcome: unknown;
    const { total, functions } = await inspector.profile(async () => {
      outcome = await load.measure(name, system.target, shape);
    });
    inspector.close();
    const sorted = [...functions].sort(([, a], [, b]) => b - a).slice(0, TOP);
    const rows = sorted.map(([called, time]) => [called, formatNumber(time)]);
    console.log(
      `${cell.label}: ${formatNumber(total)} ms; ${JSON.stringify(outcome)}\n\n${formatTable(["function", "ms"], rows)}`,
    );
  } finally {
    load.end();
    await system.stop();
  }
}
