import { Buffer } from "node:buffer";
import { z } from "@hono/zod-openapi";
import { exactVersion } from "../registry-schemas.ts";

/** Characters of a cursor at most: a prefix of the longest file name, spelled in JSON and base64. */
const CURSOR_MAX_LENGTH = 9000;

/** Where a listing goes on, and which version it began with: publishing in between changes nothing for it. */
export interface ListCursor {
  versionId: string;
  version: string;
  /** Bytes from the directory's beginning to the next entry's header. */
  offset: number;
  /** Files on all pages. */
  total: number;
  prefix: string;
}

const content = z.tuple([z.uuid(), exactVersion, z.int().min(1), z.int().min(0), z.string()]);

/** The cursor as clients see it, an opaque word. */
export function encodeCursor({ versionId, version, offset, total, prefix }: ListCursor): string {
  const json = JSON.stringify([versionId, version, offset, total, prefix] satisfies z.input<typeof content>);
  return Buffer.from(json).toString("base64url");
}

/** The query parameter `cursor`; refused when it is not one of ours. */
export const cursorParameter = z
  .string()
  .max(CURSOR_MAX_LENGTH)
  .transform((text, context): ListCursor => {
    const parsed = content.safeParse(decodeJson(text));
    if (!parsed.success) {
      context.addIssue({ code: "custom", message: "is not a cursor of this listing" });
      return z.NEVER;
    }
    const [versionId, version, offset, total, prefix] = parsed.data;
    return { versionId, version, offset, total, prefix };
  })
  .openapi({ type: "string", example: "WyIwMTkwYjVhNC03YzFl", description: "`next_cursor` of the page before" });

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}
