import { z } from "@hono/zod-openapi";
import type { FileStatus } from "../sandbox/port.ts";

/** How files of environments are named and shown. */

const PATH_MAX_LENGTH = 4_096;
/** Absolute, without `.` and `..`: what is listed or read is what was named. */
export const sandboxPath = z
  .string()
  .min(1)
  .max(PATH_MAX_LENGTH)
  .refine((path) => !path.includes("\0") && !path.split("/").some((part) => part === "." || part === ".."), {
    message: "holds a part that is . or .., or a NUL character",
  });

/** A file as clients see it. */
export const fileStatus = z
  .object({
    path: z.string(),
    type: z
      .enum(["file", "directory", "symlink", "other"])
      .openapi({ description: "`other`: a pipe, a socket or a device" }),
    size: z.int(),
    mode: z.string().openapi({ description: "Permission bits in octal" }),
    modified_at: z.iso.datetime(),
  })
  .openapi("EnvironmentFile");

export const FILE_EXAMPLE: z.input<typeof fileStatus> = {
  path: "/tmp/answer",
  type: "file",
  size: 9,
  mode: "644",
  modified_at: "2026-11-01T09:32:00.000Z",
};

/** A JSON answer with a file. */
export const fileAnswer = (description: string) => ({
  description,
  content: { "application/json": { schema: fileStatus, example: FILE_EXAMPLE } },
});

/** The path with its first slash, and no others than there have to be. */
export function toAbsolute(path: string): string {
  return `/${path
    .split("/")
    .filter((part) => part !== "")
    .join("/")}`;
}

/** The wire form of a file. */
export function toFile({ path, type, size, mode, modified }: FileStatus): z.output<typeof fileStatus> {
  return { path, type, size, mode: mode.toString(8), modified_at: new Date(modified).toISOString() };
}
