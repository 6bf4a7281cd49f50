import { buildApp } from "./app.ts";
import { sweepUploads } from "./registry/sweep.ts";
import { sweepRunLogs } from "./runs/log-retention.ts";

export { RelayWorkflow } from "./runs/relay-workflow.ts";
export { Run } from "./runs/run-object.ts";
export { VerifyUploadWorkflow } from "./registry/verify-workflow.ts";

const app = buildApp();

export default {
  fetch: app.fetch,
  scheduled: async (event, env) => {
    const now = new Date(event.scheduledTime);
    const sweeps = await Promise.allSettled([sweepUploads(env, now), sweepRunLogs(env, now)]);
    // One that fails does not keep the other from its work; the platform shows that it failed.
    for (const sweep of sweeps) if (sweep.status === "rejected") throw sweep.reason;
  },
} satisfies ExportedHandler<Cloudflare.Env>;
