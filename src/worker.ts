import { WorkflowEntrypoint } from "cloudflare:workers";
import { buildApp } from "./app.ts";

export class VerifyUploadWorkflow extends WorkflowEntrypoint<Cloudflare.Env> {
  override async run() {}
}

const app = buildApp();

export default { fetch: app.fetch } satisfies ExportedHandler<Cloudflare.Env>;
