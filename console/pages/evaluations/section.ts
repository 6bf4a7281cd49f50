import { ChartNoAxesColumn } from "lucide-react";
import { listEvaluations } from "../../../src/client/generated/operations.gen.ts";
import type { Section } from "../section.ts";

const MOST_FINDINGS = 8;

export const evaluationsSection: Section = {
  id: "evaluations",
  name: "Evaluations",
  icon: ChartNoAxesColumn,
  scope: "evaluation:read",
  routes: [
    { path: "/evaluations", load: async () => (await import("./evaluations-page.tsx")).EvaluationsPage },
    { path: "/evaluations/new", load: async () => (await import("./new-evaluation-page.tsx")).NewEvaluationPage },
    { path: "/evaluations/compare", load: async () => (await import("./compare-page.tsx")).ComparePage },
    { path: "/evaluations/:evaluation", load: async () => (await import("./evaluation-page.tsx")).EvaluationPage },
    { path: "/evaluations/:evaluation/items/:item", load: async () => (await import("./item-page.tsx")).ItemPage },
  ],
  find: async ({ yard }, search, signal) => {
    const { evaluations } = await listEvaluations(yard, { query: { search, limit: MOST_FINDINGS }, signal });
    return evaluations.map(({ id, name, model }) => ({
      name,
      detail: `Evaluation of ${model}`,
      path: `evaluations/${id}`,
    }));
  },
};
