import { buildApp } from "./app.ts";
import { connect } from "./db/client.ts";
import { sweepEnvironments } from "./environments/environment-projection.ts";
import { sweepUploads } from "./registry/sweep.ts";

export { RunnerPool } from "./pool/runner-pool.ts";
export { Environment } from "./environments/environment-object.ts";
export { RelayWorkflow } from "./runs/relay-workflow.ts";
export { Run } from "./runs/run-object.ts";
export { RunWorkflow } from "./runs/run-workflow.ts";
export { VerifyUploadWorkflow } from "./registry/verify-workflow.ts";

const app = buildApp();

export default {
  fetch: app.fetch,
  scheduled: async (event, env) => {
    const now = new Date(event.scheduledTime);
    await Promise.all([sweepUploads(env, now), sweepEnvironments(connect(env.DB), now)]);
  },
} satisfies ExportedHandler<Cloudflare.Env>;
