import { z } from "@hono/zod-openapi";

/** `page` and `limit` of a list (A6, "Pagination styles"); both are integers, out of range is 422. */
export function pageQuery(limits: { maximum: number; fallback: number }) {
  return z.object({
    page: z.coerce.number().int().min(1).default(1).openapi({ example: 1, description: "Page number, from 1" }),
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(limits.maximum)
      .default(limits.fallback)
      .openapi({ example: limits.fallback, description: "Rows per page" }),
  });
}

/** The fields that every paged answer carries beside its rows. */
export const pageFields = {
  page: z.int().openapi({ example: 1 }),
  limit: z.int().openapi({ example: 50 }),
  total: z.int().openapi({ example: 1, description: "Rows in all pages" }),
  total_pages: z.int().openapi({ example: 1 }),
  has_next: z.boolean().openapi({ example: false }),
  has_previous: z.boolean().openapi({ example: false }),
};

/** Fills `pageFields` from what was asked for and how many rows there are. */
export function describePage({ page, limit }: { page: number; limit: number }, total: number) {
  const totalPages = Math.ceil(total / limit);
  return { page, limit, total, total_pages: totalPages, has_next: page < totalPages, has_previous: page > 1 };
}
