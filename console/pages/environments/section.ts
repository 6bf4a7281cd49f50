import { SquareTerminal } from "lucide-react";
import type { Section } from "../section.ts";

export const environmentsSection: Section = {
  id: "environments",
  name: "Environments",
  icon: SquareTerminal,
  scope: "environment:read",
  routes: [
    { path: "/environments", load: async () => (await import("./environments-page.tsx")).EnvironmentsPage },
    { path: "/environments/:environment", load: async () => (await import("./environment-page.tsx")).EnvironmentPage },
  ],
};
