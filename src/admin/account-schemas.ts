import type { z } from "@hono/zod-openapi";
import { API_KEY_EXAMPLE, apiKey } from "./api-key-schemas.ts";
import { organization, ORGANIZATION_EXAMPLE } from "./organizations/organization-schemas.ts";
import { user, USER_EXAMPLE } from "./user-schemas.ts";

/** Who calls: the user, with the organization and the presented key. */
export const account = user.extend({ organization, api_key: apiKey }).openapi("Account");

export const ACCOUNT_EXAMPLE: z.input<typeof account> = {
  ...USER_EXAMPLE,
  organization: ORGANIZATION_EXAMPLE,
  api_key: { ...API_KEY_EXAMPLE, name: "First admin key", scopes: ["admin"], allowed_scopes: ["admin"] },
};
