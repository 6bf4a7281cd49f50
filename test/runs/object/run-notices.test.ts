import { expect, test } from "vitest";
import { NOTICE_SCHEMA, RunNotices } from "../../../src/runs/object/run-notices.ts";
import { beginRun } from "../../../src/runs/object/run-record.ts";
import { applySchema } from "../../../src/objects/object-schema.ts";
import { inObject } from "../../stream/object.ts";

const RUN = beginRun(
  { organizationId: "organization", projectNumber: 1, taskId: "task" },
  {
    id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102",
    status: "queued",
    environment: "cloud",
    stage: null,
    branch: null,
    errorMessage: null,
    output: null,
    state: {},
    artifacts: [],
    createdBy: null,
  },
  1_000,
);

test("an attempt that ends late does not forget what came after others had forgotten its notices", async () => {
  await inObject((storage) => {
    applySchema(storage.sql, [NOTICE_SCHEMA]);
    const notices = new RunNotices(storage.sql);
    const record = (stage: string, updatedAt: number) => notices.record(RUN, { ...RUN, stage, updatedAt });
    record("first", 2_000);
    const late = notices.pending(RUN);
    record("second", 3_000);
    notices.forget(notices.pending(RUN));
    expect(notices.isEmpty).toBe(true);
    record("third", 4_000);
    notices.forget(late);
    expect(notices.pending(RUN)).toMatchObject([{ data: { step_name: "third" } }]);
  });
});
