import { z } from "zod";

/** What the pool tells of an environment (docs/runner.md). */
export const environmentGrant = z.object({ environment_id: z.string(), work_token: z.string() });

export type EnvironmentGrant = z.output<typeof environmentGrant>;
