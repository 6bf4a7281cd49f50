import { environmentsSection } from "./environments/section.ts";
import { evaluationsSection } from "./evaluations/section.ts";
import { runsSection } from "./runs/section.ts";
import type { Section } from "./section.ts";

/** The parts of the console, as the navigation shows them. */
export const SECTIONS: readonly Section[] = [runsSection, evaluationsSection, environmentsSection];
