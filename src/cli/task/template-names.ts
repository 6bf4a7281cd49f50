/** What a task can begin as; `templates.ts` has the files. */
export const TEMPLATES = ["script", "flag", "harbor"] as const;

export type TemplateName = (typeof TEMPLATES)[number];
