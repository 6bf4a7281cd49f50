import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";

/** Runs `work` with the SQLite of an object of its own; a run that was never created has no tables of its own. */
export function inObject<T>(work: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
  return runInDurableObject(env.RUN.getByName(uuid()), (_, state) => work(state.storage));
}
