import { administrationSection } from "./administration/section.ts";
import { environmentsSection } from "./environments/section.ts";
import { evaluationsSection } from "./evaluations/section.ts";
import { runsSection } from "./runs/section.ts";
import type { Section } from "./section.ts";
import { agentTasksSection, tasksSection } from "./tasks/section.ts";

/** The parts of the console, as the navigation shows them. */
export const SECTIONS: readonly Section[] = [
  runsSection,
  agentTasksSection,
  tasksSection,
  evaluationsSection,
  environmentsSection,
  administrationSection,
];
