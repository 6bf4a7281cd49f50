import { buildApp } from "./app.ts";
import { sweepFiles } from "./artifacts/artifact-sweep.ts";
import { connect } from "./db/client.ts";
import { sweepEnvironments } from "./environments/object/environment-projection.ts";
import { sweepAccesses } from "./files/access-store.ts";
import { sweepIdempotencyKeys } from "./http/idempotency.ts";
import { sweepBlobs } from "./registry/oci/blob-sweep.ts";
import { sweepUploads } from "./registry/upload-sweep.ts";
import { sweepRunLogs } from "./runs/log/log-retention.ts";
import { Pool } from "./pool/runner-pool.ts";
import type { WorkOwners } from "./pool/work.ts";
import { RUN_WORK } from "./runs/dispatch/run-work.ts";
import { ENVIRONMENT_WORK } from "./sandbox/runner/environment-work.ts";
import { sweepDeliveries } from "./webhooks/delivery-sweep.ts";

export { Environment } from "./environments/object/environment-object.ts";
export { Evaluation } from "./evaluations/object/evaluation-object.ts";
export { EvaluationItem } from "./evaluations/item/item-object.ts";
export { RelayWorkflow } from "./runs/slack/relay-workflow.ts";
export { Run } from "./runs/object/run-object.ts";
export { Stream } from "./streams/object/stream-object.ts";
export { WebhookWorkflow } from "./webhooks/webhook-workflow.ts";
export { VerifyUploadWorkflow } from "./registry/uploads/verify-workflow.ts";

/** The pool of an organization's runners, with the two kinds of work that go to them. */
export class RunnerPool extends Pool {
  protected override readonly owners: WorkOwners = { run: RUN_WORK, environment: ENVIRONMENT_WORK };
}

const app = buildApp();

export default {
  fetch: app.fetch,
  scheduled: async (event, env) => {
    const now = new Date(event.scheduledTime);
    const swept = await Promise.allSettled([
      sweepUploads(env, now),
      sweepBlobs(env, now),
      sweepFiles(env, now),
      sweepRunLogs(env, now),
      sweepEnvironments(connect(env.DB), now),
      sweepDeliveries(env, now),
      sweepAccesses(env, now),
      sweepIdempotencyKeys(env, now),
    ]);
    // One that fails does not keep the others from their work; the platform shows that it failed.
    const failures = swept.filter((sweep) => sweep.status === "rejected").map(({ reason }): unknown => reason);
    if (failures.length > 0) throw new AggregateError(failures, "A sweep has failed");
  },
} satisfies ExportedHandler<Cloudflare.Env>;
