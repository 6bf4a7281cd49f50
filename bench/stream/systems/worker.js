/**
 * The Worker as it is deployed, with two things of the benchmark's own. Requests are counted in memory, as Cloudflare does it
 * beside a Worker: miniflare's stand-in writes each to a database on disk, and that would be measured in the place of what
 * is to be measured. And where ANNOUNCE is set, an object of a run says when it is constructed.
 */

import worker, { Run as DeployedRun } from "../../../src/worker.ts";

export * from "../../../src/worker.ts";

/** How often each key has called. */
const calls = new Map();

const RATE_LIMIT = {
  limit: ({ key }) => {
    calls.set(key, (calls.get(key) ?? 0) + 1);
    return Promise.resolve({ success: true });
  },
};

/** The environment with the counter, one for the isolate: what is made once for an environment stays made. */
let counted;

function count(env) {
  counted ??= { ...env, RATE_LIMIT };
  return counted;
}

export class Run extends DeployedRun {
  constructor(ctx, env) {
    super(ctx, count(env));
    if (env.ANNOUNCE) console.log(env.ANNOUNCE);
  }
}

export default {
  ...worker,
  fetch: (request, env, ctx) => worker.fetch(request, count(env), ctx),
};
