import { Settings } from "lucide-react";
import type { Section } from "../section.ts";

/** Who may do what in the organization, and what is told of to whom. */
export const administrationSection: Section = {
  id: "administration",
  name: "Administration",
  icon: Settings,
  scope: "admin",
  routes: [
    { path: "/administration", load: async () => (await import("./administration-page.tsx")).AdministrationPage },
    {
      path: "/administration/webhooks/:webhook",
      load: async () => (await import("./webhooks/webhook-page.tsx")).WebhookPage,
    },
    { path: "/administration/:part", load: async () => (await import("./administration-page.tsx")).AdministrationPage },
  ],
};
