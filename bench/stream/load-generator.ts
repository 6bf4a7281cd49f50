import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Measures } from "./load/process.ts";
import type { Target } from "./target.ts";

/** A measurement that takes longer than this many milliseconds has failed, unless it may take longer. */
const TIMEOUT_MS = 180_000;

export type Outcome<Name extends keyof Measures> = Awaited<ReturnType<Measures[Name]>>;

/** Asks the load's process for measurements, one after the other. */
export class LoadGenerator {
  readonly #process: ChildProcess;

  constructor(signal: AbortSignal) {
    this.#process = fork(join(import.meta.dirname, "load", "process.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    signal.addEventListener("abort", () => this.end());
  }

  /** Rejects when what the system did was wrong: an entry lost, or one that came twice. `atHalfway` runs under load. */
  measure<Name extends keyof Measures>(
    name: Name,
    target: Target,
    shape: Parameters<Measures[Name]>[1],
    atHalfway: () => Promise<void> = () => Promise.resolve(),
    timeoutMs = TIMEOUT_MS,
  ): Promise<Outcome<Name>> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<Name>>();
    const fail = (reason: string): void => reject(new Error(`${target.name}, ${name}: ${reason}`));
    const timer = setTimeout(() => {
      fail("it took too long");
      this.end();
    }, timeoutMs);
    const onExit = (): void => fail("the load generator has ended");
    const onMessage = (answer: Answer<Outcome<Name>>): void => {
      if (answer.kind === "halfway") {
        void atHalfway()
          .then(() => this.#process.send("go on"))
          .catch((error: unknown) => fail(String(error)));
      } else if (answer.kind === "failure") {
        fail(answer.reason);
      } else {
        resolve(answer.result);
      }
    };
    this.#process.on("message", onMessage).once("exit", onExit);
    this.#process.send({ name, target, shape });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#process.off("message", onMessage).off("exit", onExit);
    });
  }

  end(): void {
    this.#process.kill();
  }
}
