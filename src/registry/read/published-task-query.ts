import { z } from "@hono/zod-openapi";
import { SORT_KEYS, type TaskFilter } from "./published-task-search.ts";

/** Values of one filter at most. */
const FILTER_MAX_VALUES = 50;
const VALUE_MAX_LENGTH = 200;

const filterValue = z.string().min(1).max(VALUE_MAX_LENGTH);

/** A query parameter that may be repeated; one value comes as a string, several as an array. */
function repeatable(description: string, example: string) {
  return z
    .union([filterValue, z.array(filterValue).max(FILTER_MAX_VALUES)])
    .optional()
    .openapi({ type: "array", items: { type: "string" }, example: [example], description });
}

/** The spelling that clients use whose HTTP library marks arrays so. */
const bracketed = (name: string, example: string) => repeatable(`The same as \`${name}\``, example);

/** Which tasks (A2). */
export const filterQuery = z.object({
  difficulty: repeatable("Any of these difficulties", "medium"),
  "difficulty[]": bracketed("difficulty", "medium"),
  tags: repeatable("At least one of these tags", "logs"),
  "tags[]": bracketed("tags", "logs"),
  author: repeatable("Any of these authors", "Acme Evals"),
  "author[]": bracketed("author", "Acme Evals"),
  source: repeatable("Any of these sources", "internal"),
  "source[]": bracketed("source", "internal"),
  search: z
    .string()
    .max(VALUE_MAX_LENGTH)
    .optional()
    .openapi({ example: "triage", description: "Part of the name, in any letter case" }),
  include_public: z
    .stringbool()
    .default(false)
    .openapi({ type: "boolean", example: false, description: "Also the public tasks of every other organization" }),
});

/** In which order. */
export const sortQuery = z.object({
  sort_by: z.enum(SORT_KEYS).default("created_at").openapi({ example: "name", description: "What to sort by" }),
  sort_dir: z.enum(["asc", "desc"]).default("desc").openapi({ example: "asc", description: "Direction" }),
});

/** The filter that a query spells, in either notation of arrays. */
export function toFilter(query: z.output<typeof filterQuery>): TaskFilter {
  return {
    difficulty: [query.difficulty ?? [], query["difficulty[]"] ?? []].flat(2),
    tags: [query.tags ?? [], query["tags[]"] ?? []].flat(2),
    author: [query.author ?? [], query["author[]"] ?? []].flat(2),
    source: [query.source ?? [], query["source[]"] ?? []].flat(2),
    search: query.search,
    includePublic: query.include_public,
  };
}
