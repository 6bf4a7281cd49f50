import type { AppContext } from "../../http/context.ts";
import { withWatchedKey } from "../../http/watched-key.ts";
import { followCommand, type FollowedCommand, KEY_ENDED } from "./command-following.ts";
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

/** The same for a request: 401 once the key that it came with is good no more. */
export function collectForKey(c: AppContext, followed: FollowedCommand): Promise<ExecuteResponse> {
  return withWatchedKey(c, KEY_ENDED, (ended) => Promise.race([collect(followed), ended]));
}
