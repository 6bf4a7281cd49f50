import { zipSync } from "fflate";
import { z } from "zod";
import { type ApiAccess, type ApiRequest, callApi, jsonOf } from "../../scripts/api-client.ts";
import { PlainError } from "../../scripts/command.ts";

/** Attempts at each row of the dataset. */
export const ATTEMPTS = 10;
/** Milliseconds between two looks at whether an evaluation has ended. */
const LOOK_MS = 500;

const created = z.object({ api_key: z.object({ key: z.string() }) });
const identified = z.object({ id: z.string() });
const job = z.object({ status: z.string(), failed_count: z.int(), cancelled_count: z.int() });

/** An evaluation that has ended. `looks`: milliseconds of each look at it while it went on. */
export interface Evaluated {
  access: ApiAccess;
  path: string;
  items: number;
  done: number;
  looks: number[];
}

const environment = z.object({ id: z.string(), execute_token: z.string() });

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A task that nobody passes who does nothing. */
function archive(): Uint8Array<ArrayBuffer> {
  const manifest = {
    name: "nothing",
    version: "1.0.0",
    instruction: "Write the answer to /tmp/answer.",
    description: "A task for the benchmark.",
    source: "bench",
    solution: { script: "solution.sh" },
    verification: { method: "script", script: "verify.sh" },
  };
  return new Uint8Array(
    zipSync({
      "task.yaml": text(JSON.stringify(manifest)),
      "verify.sh": text("test -f /tmp/answer\n"),
      "solution.sh": text("echo 42 > /tmp/answer\n"),
    }),
  );
}

const WORKSPACE = "/api/v1/org/bench/ws/main";
const TASKS = "/api/projects/@current/tasks";

/** A server with a task, and evaluations of it. */
export class Bench {
  readonly access: ApiAccess;
  readonly #concurrency: number;

  private constructor(access: ApiAccess, concurrency: number) {
    this.access = access;
    this.#concurrency = concurrency;
  }

  /** Makes the organization and the task; `access` has the bootstrap secret. */
  static async open(access: ApiAccess, concurrency: number): Promise<Bench> {
    const owner = { username: "bench", email: "bench@example.com" };
    const json = { key: "bench", name: "Bench", owner };
    const made = await callApi(access, { method: "POST", path: "/api/v1/organizations", json, expect: 201 });
    const bench = new Bench({ ...access, key: created.parse(jsonOf(made)).api_key.key }, concurrency);
    const version = "/api/v1/org/bench/tasks/nothing/versions/1.0.0";
    await bench.send({ method: "PUT", path: version, bytes: archive(), expect: 201 });
    return bench;
  }

  send(request: ApiRequest) {
    return callApi(this.access, request);
  }

  /**
   * Makes an evaluation of so many items, waits for its end, and answers with its path and how many items had their turn: all,
   * unless it is cancelled after so many seconds.
   */
  async evaluate(count: number, cancelAfter = Infinity): Promise<Evaluated> {
    const dataset = Array.from({ length: count / ATTEMPTS }, () => ({ task_name: "nothing" }));
    const concurrency = this.#concurrency;
    const json = { name: "bench", model: "none", agent: "nop", dataset, attempts: ATTEMPTS, concurrency };
    const made = await this.send({ method: "POST", path: `${WORKSPACE}/evaluation`, json, expect: 201 });
    const path = `${WORKSPACE}/evaluation/${identified.parse(jsonOf(made)).id}`;
    const until = performance.now() + cancelAfter * 1000;
    const looks: number[] = [];
    for (;;) {
      this.access.signal.throwIfAborted();
      const answer = await this.send({ method: "GET", path, expect: 200 });
      looks.push(answer.milliseconds);
      const { status, failed_count: done, cancelled_count: cancelled } = job.parse(jsonOf(answer));
      if (status !== "running") {
        if (done + cancelled !== count || (cancelled > 0 && cancelAfter === Infinity)) {
          throw new PlainError(`Items ended otherwise: ${JSON.stringify(jsonOf(answer))}`);
        }
        return { access: this.access, path, items: count, done, looks };
      }
      if (performance.now() > until) await this.send({ method: "POST", path: `${path}/cancel`, expect: 200 });
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** What an item is made of, so many times, asked for by a client: an environment, its verification, and a run. */
  async doParts(count: number): Promise<void> {
    const made = await this.send({ method: "POST", path: `${TASKS}/`, json: { description: "Parts" }, expect: 201 });
    const task = `${TASKS}/${identified.parse(jsonOf(made)).id}`;
    let left = count;
    const work = async () => {
      while (left > 0) {
        left -= 1;
        await this.#doPart(task);
      }
    };
    await Promise.all(Array.from({ length: this.#concurrency }, work));
  }

  async #doPart(task: string): Promise<void> {
    const path = `${WORKSPACE}/environments`;
    const answer = await this.send({ method: "POST", path, json: { task_ref: "nothing" }, expect: 201 });
    const { id, execute_token: token } = environment.parse(jsonOf(answer));
    const run = { environment: "local", status: "in_progress" };
    const begun = await this.send({ method: "POST", path: `${task}/runs/`, json: run, expect: 201 });
    const place = `${task}/runs/${identified.parse(jsonOf(begun)).id}/`;
    await this.send({ method: "PATCH", path: place, json: { status: "completed" }, expect: 200 });
    const headers = { "X-Environment-Token": token };
    await this.send({ method: "POST", path: `${path}/${id}/verify`, json: {}, headers, expect: 200 });
    await this.send({ method: "DELETE", path: `${path}/${id}`, expect: 200 });
  }
}
