/** What webhooks tell of (workflow-files, "Webhooks"). */
export const WEBHOOK_EVENTS = [
  "flows.tasks.created",
  "flows.tasks.step_change",
  "flows.tasks.completed",
  "flows.tasks.canceled",
  "core.document.uploaded",
  "core.document.upload_completed",
  "core.document.upload_with_issues",
  "evaluation.item_completed",
  "evaluation.completed",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];
