import { buildApp } from "./app.ts";
import { sweepFiles } from "./artifacts/sweep.ts";
import { connect } from "./db/client.ts";
import { sweepEnvironments } from "./environments/environment-projection.ts";
import { sweepAccesses } from "./files/access-store.ts";
import { sweepIdempotencyKeys } from "./http/idempotency.ts";
import { sweepUploads } from "./registry/sweep.ts";
import { sweepRunLogs } from "./runs/log-retention.ts";
import { sweepDeliveries } from "./webhooks/sweep.ts";

export { RunnerPool } from "./pool/runner-pool.ts";
export { Environment } from "./environments/environment-object.ts";
export { RelayWorkflow } from "./runs/relay-workflow.ts";
export { Run } from "./runs/run-object.ts";
export { RunWorkflow } from "./runs/run-workflow.ts";
export { WebhookWorkflow } from "./webhooks/webhook-workflow.ts";
export { VerifyUploadWorkflow } from "./registry/verify-workflow.ts";

const app = buildApp();

export default {
  fetch: app.fetch,
  scheduled: async (event, env) => {
    const now = new Date(event.scheduledTime);
    const swept = await Promise.allSettled([
      sweepUploads(env, now),
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
