/** The process that makes all load: it measures what it is told, one thing at a time, and answers with what it found. */

import { once } from "node:events";
import type { Target } from "../target.ts";
import { countAppends, measureAppends } from "./append.ts";
import { measureCatchUp, measureLog, measureStorm } from "./catch-up.ts";
import { runFaults } from "./faults.ts";
import { measureFanOut } from "./fan-out.ts";
import { measureFlood } from "./flood.ts";
import { measureIdle } from "./idle.ts";
import { measureSlowReader } from "./slow-reader.ts";

/** What can be measured, each with the shape of the load. */
export interface Measures {
  append: typeof measureAppends;
  appendCount: typeof countAppends;
  fanOut: typeof measureFanOut;
  flood: typeof measureFlood;
  catchUp: typeof measureCatchUp;
  log: typeof measureLog;
  storm: typeof measureStorm;
  slowReader: typeof measureSlowReader;
  faults: typeof runFaults;
  idle: typeof measureIdle;
}

/** An order as it comes from the benchmark. */
export type Order = {
  [Name in keyof Measures]: { name: Name; target: Target; shape: Parameters<Measures[Name]>[1] };
}[keyof Measures];

/** What comes back: the result of the order's measure, or why there is none; before that, that the load is on. */
export type Answer<Result> =
  | { kind: "result"; result: Result }
  | { kind: "failure"; reason: string }
  | { kind: "halfway" };

process.on("message", (message: Order | "go on") => {
  if (message === "go on") return;
  carryOut(message).then(
    (result) => answer({ kind: "result", result }),
    (error: unknown) => answer({ kind: "failure", reason: error instanceof Error ? error.message : String(error) }),
  );
});
// Without the benchmark nobody wants what is measured.
process.on("disconnect", () => process.exit(1));

function carryOut(order: Order): Promise<unknown> {
  switch (order.name) {
    case "append":
      return measureAppends(order.target, order.shape);
    case "appendCount":
      return countAppends(order.target, order.shape, reportHalfway);
    case "fanOut":
      return measureFanOut(order.target, order.shape);
    case "flood":
      return measureFlood(order.target, order.shape);
    case "catchUp":
      return measureCatchUp(order.target, order.shape);
    case "log":
      return measureLog(order.target, order.shape);
    case "storm":
      return measureStorm(order.target, order.shape);
    case "slowReader":
      return measureSlowReader(order.target, order.shape, reportHalfway);
    case "faults":
      return runFaults(order.target, order.shape, reportHalfway);
    case "idle":
      return measureIdle(order.target, order.shape, reportHalfway);
    default:
      return order satisfies never;
  }
}

function answer(message: Answer<unknown>): void {
  process.send?.(message);
}

/** Lets the benchmark look at the system while the load is on it. */
async function reportHalfway(): Promise<void> {
  answer({ kind: "halfway" });
  await once(process, "message");
}
