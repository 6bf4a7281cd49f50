import { z } from "@hono/zod-openapi";

/** Where a list goes on: after the file of this number. Files that come meanwhile stand at its end. */
export function encodeCursor(number: number): string {
  return new TextEncoder().encode(String(number)).toBase64({ alphabet: "base64url", omitPadding: true });
}

function decode(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
  } catch {
    return "";
  }
}

/** Characters of a cursor at most: those of the largest number. */
const CURSOR_MAX_LENGTH = 22;

/** The query parameter `cursor`; refused when it is not one of ours. */
export const cursorParameter = z
  .string()
  .max(CURSOR_MAX_LENGTH)
  .transform((text, context): number => {
    const number = decode(text);
    if (/^[1-9]\d{0,14}$/.test(number)) return Number(number);
    context.addIssue({ code: "custom", message: "is not a cursor of this list" });
    return z.NEVER;
  })
  .openapi({ type: "string", example: "Nzg5", description: "`next_cursor` of the page before" });
