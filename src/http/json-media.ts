import type { z } from "@hono/zod-openapi";
import { pageQuery } from "./paging.ts";

/** A JSON request body; without one the request is refused. */
export function jsonBody<S extends z.ZodType>(schema: S, example: z.input<S>) {
  return { required: true, content: { "application/json": { schema, example } } } as const;
}

/** A JSON answer. */
export function jsonAnswer<S extends z.ZodType>(description: string, schema: S, example: z.output<S>) {
  return { description, content: { "application/json": { schema, example } } } as const;
}

/** The page of a list that is asked for; published clients ask for none and take the first, so it is a long one. */
export const listQuery = pageQuery({ maximum: 200, fallback: 100 });

/** `pageFields` of an example with one row. */
export const PAGE_EXAMPLE = { page: 1, limit: 100, total: 1, total_pages: 1, has_next: false, has_previous: false };

/** An answer without a body. */
export const NO_CONTENT = { 204: { description: "Done" } } as const;
