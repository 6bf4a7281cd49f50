/**
 * The Worker as it is deployed, which counts what its work costs: calls of objects, writes and rows of D1, rows of the objects' own
 * databases, operations of R2. `GET /counts` answers with the sums so far and begins anew.
 */

import worker, {
  Environment as DeployedEnvironment,
  Evaluation as DeployedEvaluation,
  EvaluationItem as DeployedItem,
  Run as DeployedRun,
  RunnerPool as DeployedPool,
} from "../../src/worker.ts";

export { RelayWorkflow, Stream, VerifyUploadWorkflow, WebhookWorkflow } from "../../src/worker.ts";

let counts = {};

function add(name, number = 1) {
  counts[name] = (counts[name] ?? 0) + number;
}

const WRITE = /^\s*(insert|update|delete|replace)\b/i;

function addMeta({ meta }) {
  add("D1 rows written", meta?.rows_written ?? 0);
}

/** A statement of D1 that is counted when it is carried out. */
class Statement {
  constructor(sql, inner) {
    this.sql = sql;
    this.inner = inner;
  }

  bind(...values) {
    return new Statement(this.sql, this.inner.bind(...values));
  }

  count() {
    const [table = ""] = /(?:into|update|from)\s+"?(\w+)"?/i.exec(this.sql)?.slice(1) ?? [];
    if (WRITE.test(this.sql)) {
      add("D1 statements that write");
      add(`D1 writes: ${table}`);
    }
  }

  async all() {
    this.count();
    add("D1 calls");
    const result = await this.inner.all();
    addMeta(result);
    return result;
  }

  run() {
    return this.all();
  }

  /** Of what is read this way, the platform does not say how many rows it was; two columns may have one name. */
  async raw() {
    if (WRITE.test(this.sql)) return (await this.all()).results.map((row) => Object.values(row));
    add("D1 calls");
    return this.inner.raw();
  }

  async first(column) {
    const [row = null] = (await this.all()).results;
    return column === undefined || row === null ? row : row[column];
  }
}

const countDatabase = (database) => ({
  prepare: (sql) => new Statement(sql, database.prepare(sql)),
  async batch(statements) {
    add("D1 calls");
    for (const statement of statements) statement.count();
    const results = await database.batch(statements.map(({ inner }) => inner));
    for (const result of results) addMeta(result);
    return results;
  },
});

/** R2's operations by what they are billed as; deleting is free. */
const CLASSES = {
  put: "R2 class A",
  list: "R2 class A",
  createMultipartUpload: "R2 class A",
  get: "R2 class B",
  head: "R2 class B",
};

const countMethods = (target, nameOf) =>
  new Proxy(target, {
    get(_, property) {
      const value = target[property];
      if (typeof value !== "function") return value;
      return (...args) => {
        const name = nameOf(property);
        if (name !== undefined) add(name);
        return target[property](...args);
      };
    },
  });

const countBucket = (bucket) => countMethods(bucket, (method) => CLASSES[method]);

const countNamespace = (namespace, name) => ({
  getByName: (id) =>
    countMethods(namespace.getByName(id), (method) => (method === "then" ? undefined : `calls: ${name}.${method}`)),
});

/** How often each key has called: miniflare's stand-in for the limit writes to a database on disk. */
const RATE_LIMIT = { limit: () => Promise.resolve({ success: true }) };

let counted;

function countAll(env) {
  counted ??= {
    ...env,
    RATE_LIMIT,
    DB: countDatabase(env.DB),
    ARCHIVES: countBucket(env.ARCHIVES),
    ARTIFACTS: countBucket(env.ARTIFACTS),
    ...Object.fromEntries(
      ["RUN", "ENVIRONMENT", "EVALUATION", "EVALUATION_ITEM", "RUNNERS"].map((name) => [
        name,
        countNamespace(env[name], name),
      ]),
    ),
  };
  return counted;
}

/** Rows are known when the cursor was read, which is before anything else has its turn. */
function watchStorage(storage, name) {
  const { sql, kv } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = (...args) => {
    const cursor = exec(...args);
    queueMicrotask(() => {
      add(`object rows read: ${name}`, cursor.rowsRead);
      add(`object rows written: ${name}`, cursor.rowsWritten);
    });
    return cursor;
  };
  const put = kv.put.bind(kv);
  kv.put = (...args) => {
    add(`object rows written: ${name}`);
    put(...args);
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => {
    add(`object rows written: ${name}`);
    return setAlarm(...args);
  };
}

const counting = (name, Deployed) =>
  class extends Deployed {
    constructor(ctx, env) {
      watchStorage(ctx.storage, name);
      super(ctx, countAll(env));
    }

    alarm(...args) {
      add(`alarms: ${name}`);
      return super.alarm(...args);
    }
  };

export const Run = counting("Run", DeployedRun);
export const Environment = counting("Environment", DeployedEnvironment);
export const Evaluation = counting("Evaluation", DeployedEvaluation);
export const EvaluationItem = counting("EvaluationItem", DeployedItem);
export const RunnerPool = counting("RunnerPool", DeployedPool);

export default {
  ...worker,
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/counts") {
      const answer = Response.json(counts);
      counts = {};
      return answer;
    }
    add("Worker requests");
    return worker.fetch(request, countAll(env), ctx);
  },
};
