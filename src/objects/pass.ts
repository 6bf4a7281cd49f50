import { z } from "zod";

/** What let a connection in, as far as it can end: an API key by its id, and when the key or the token expires. */
export const streamPass = z.object({
  keyId: z.string().optional(),
  /** Milliseconds since 1970. */
  expiresAt: z.int().optional(),
});

export type StreamPass = z.output<typeof streamPass>;

/** Whether a connection with this pass is to be ended. */
export type HasEnded = (pass: StreamPass) => boolean;
