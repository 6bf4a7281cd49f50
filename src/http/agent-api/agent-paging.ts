import { z } from "@hono/zod-openapi";

/** Rows of a page when the client says nothing sensible, and at most (agent-tasks 1.4). */
const PAGE_SIZE = 100;

/** A parameter that is sent several times counts as it was sent last. */
const parameter = z.union([z.string(), z.array(z.string())]).optional();

function wholeNumber(sent: z.output<typeof parameter>): number {
  const text = Array.isArray(sent) ? sent.at(-1) : sent;
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : NaN;
}

/** `limit` and `offset`: nothing is refused, what makes no sense falls back (1.4). */
export const offsetQuery = {
  limit: parameter
    .transform((sent) => {
      const limit = wholeNumber(sent);
      return limit > 0 ? Math.min(limit, PAGE_SIZE) : PAGE_SIZE;
    })
    .openapi({ type: "integer", example: 100, description: "Rows at most; above 100 counts as 100" }),
  offset: parameter
    .transform((sent) => Math.min(Math.max(wholeNumber(sent) || 0, 0), Number.MAX_SAFE_INTEGER))
    .openapi({ type: "integer", example: 0, description: "Rows to leave out" }),
};

/** The envelope of a list (1.4). */
export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({
    count: z.int().openapi({ example: 1 }),
    next: z.string().nullable().openapi({ example: null }),
    previous: z.string().nullable().openapi({ example: null }),
    results: z.array(row),
  });
}

/**
 * Fills the envelope; `next` and `previous` are absolute and keep the other query parameters. `next` goes on after the
 * last row of this page, which may have less than `limit` where rows are long (db/page-bytes.ts).
 */
export function describeOffsetPage<T>(
  url: URL,
  { limit, offset }: { limit: number; offset: number },
  count: number,
  results: T[],
) {
  const at = (target: number) => {
    const page = new URL(url);
    page.searchParams.set("limit", String(limit));
    if (target > 0) page.searchParams.set("offset", String(target));
    else page.searchParams.delete("offset");
    return page.href;
  };
  return {
    count,
    next: results.length > 0 && offset + results.length < count ? at(offset + results.length) : null,
    previous: offset > 0 ? at(Math.max(offset - limit, 0)) : null,
    results,
  };
}
