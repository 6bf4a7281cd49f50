import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Job, JobResult } from "./cell.ts";

/** A process that runs jobs one after another until it dies of one. */
export class Child {
  readonly #process: ChildProcess;

  constructor(options: readonly string[] = []) {
    this.#process = fork(join(import.meta.dirname, "cell.ts"), [], {
      execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning", ...options],
      // What a dying process prints of itself is told by "dies" in the table.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  }

  /** Undefined when the process died of the job, or took longer than `timeout` milliseconds and was ended. */
  run(job: Job, timeout: number): Promise<JobResult | undefined> {
    const { promise, resolve } = Promise.withResolvers<JobResult | undefined>();
    const done = (result?: JobResult): void => {
      clearTimeout(timer);
      this.#process.removeAllListeners();
      resolve(result);
    };
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), timeout);
    this.#process.once("message", (result: JobResult) => done(result)).once("exit", () => done());
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.send(job);
    else done();
    return promise;
  }

  end(): void {
    this.#process.kill();
  }
}
