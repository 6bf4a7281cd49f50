import { WorkflowEntrypoint } from "cloudflare:workers";
export class VerifyUploadWorkflow extends WorkflowEntrypoint<Env> { override async run() {} }
export default { fetch: () => new Response("ok") } satisfies ExportedHandler<Env>;
