import { followCommand, type FollowedCommand } from "./command-following.ts";
import type { ExecuteResponse } from "./command-schemas.ts";
import { CollectedOutput, toResult } from "./command-view.ts";

/** The result of a command, when it is over. */
export async function collect(followed: FollowedCommand): Promise<ExecuteResponse> {
  const collected = new CollectedOutput();
  const news = followCommand(followed);
  for (;;) {
    const { done, value } = await news.next();
    if (done !== true) {
      for (const piece of value) collected.add(piece);
      continue;
    }
    collected.end();
    const { exit_code, ...result } = toResult(value);
    const { output, stdout, stderr } = collected;
    return { exit_code, output, stdout, stderr, ...result };
  }
}
