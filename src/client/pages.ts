import { isRecord } from "./errors.ts";
import type { Taskyard } from "./taskyard.ts";

/** The rows of a page: of its one list, or the page itself where it is a list. */
export type Row<Page> = Page extends readonly (infer Item)[]
  ? Item
  : { [Field in keyof Page]: Page[Field] extends readonly (infer Item)[] ? Item : never }[keyof Page];

/**
 * The pages of a list, one request each, from the one that `options.query` begins at: `pages(yard, listTasks, {…})`.
 * What is added or removed meanwhile may be met twice or not at all where pages have numbers.
 */
export async function* pages<Options, Page>(
  client: Taskyard,
  list: (client: Taskyard, options: Options) => Promise<Page>,
  options?: Options,
): AsyncGenerator<Page, void, undefined> {
  let query: Record<string, unknown> | null = queryOf(options);
  while (query !== null) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the operation's own options with another place to begin at
    const page = await list(client, { ...options, query } as Options);
    if (rowsOf(page).length > 0 || !Array.isArray(page)) yield page;
    query = queryAfter(page, query);
  }
}

/** The rows of a list, page by page as they are asked for: `for await (const task of items(yard, listTasks))`. */
export async function* items<Options, Page>(
  client: Taskyard,
  list: (client: Taskyard, options: Options) => Promise<Page>,
  options?: Options,
): AsyncGenerator<Row<Page>, void, undefined> {
  for await (const page of pages(client, list, options)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the list that Row is about
    yield* rowsOf(page) as Row<Page>[];
  }
}

function queryOf(options: unknown): Record<string, unknown> {
  const query = isRecord(options) ? options["query"] : undefined;
  return isRecord(query) ? query : {};
}

function rowsOf(page: unknown): unknown[] {
  if (Array.isArray(page)) return page;
  return isRecord(page) ? (Object.values(page).find((value) => Array.isArray(value)) ?? []) : [];
}

/** What to ask for the next page with, null after the last one. */
function queryAfter(page: unknown, query: Record<string, unknown>): Record<string, unknown> | null {
  const nextPage = { ...query, page: Number(query["page"] ?? 1) + 1 };
  if (Array.isArray(page)) return page.length > 0 ? nextPage : null;
  if (!isRecord(page)) return null;
  if (page["has_next"] === true) return nextPage;
  if (typeof page["next_cursor"] === "string") return { ...query, cursor: page["next_cursor"] };
  if (typeof page["next"] !== "string") return null;
  return { ...query, offset: Number(new URL(page["next"]).searchParams.get("offset")) };
}
