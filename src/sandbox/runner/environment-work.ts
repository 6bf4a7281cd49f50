import { z } from "zod";
import type { WorkEvent, WorkOwner } from "../../pool/work.ts";

/** What the pool asks of an environment's object and tells it, in a request that only the Worker can make. */
const call = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("admit"), workId: z.string(), runner: z.string() }),
  z.object({ kind: z.literal("tell"), workId: z.string(), event: z.custom<WorkEvent>((value) => value !== undefined) }),
]);

type PoolCall = z.output<typeof call>;

/** Says to an environment's object whose key a machine has come with. */
export const ORGANIZATION_HEADER = "X-Organization-Id";

const CALL_PATH = "/pool";

/** The pool's call in a request to the object; undefined for a machine's. */
export async function poolCall(request: Request): Promise<PoolCall | undefined> {
  if (new URL(request.url).pathname !== CALL_PATH) return undefined;
  return call.parse(await request.json());
}

async function callEnvironment(env: Cloudflare.Env, reference: Readonly<Record<string, unknown>>, asked: PoolCall) {
  const environment = env.ENVIRONMENT.getByName(String(reference["environmentId"]));
  const init = { method: "POST", body: JSON.stringify(asked) };
  const answer = await environment.fetch(new Request(`https://environment${CALL_PATH}`, init));
  if (!answer.ok && answer.status !== 404) throw new Error(`The environment answered ${answer.status}`);
  return answer;
}

/** What the pool of runners asks of environments and tells them. */
export const ENVIRONMENT_WORK: WorkOwner = {
  async admit(env, { id, reference }, runner) {
    const answer = await callEnvironment(env, reference, { kind: "admit", workId: id, runner });
    return answer.status === 404 ? undefined : details.parse(await answer.json());
  },

  async tell(env, { id, reference }, event) {
    await callEnvironment(env, reference, { kind: "tell", workId: id, event });
  },
};

const details = z
  .record(z.string(), z.unknown())
  .nullable()
  .transform((value) => value ?? undefined);
