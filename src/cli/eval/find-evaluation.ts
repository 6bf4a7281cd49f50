import { listEvaluations } from "../../client/index.ts";
import { EXIT, Failure } from "../base/failure.ts";
import type { Session } from "../base/session.ts";
import { UUID } from "../base/words.ts";

/** The id of the evaluation that is meant: an id, or `latest`. */
export async function findEvaluation({ client }: Session, reference: string, signal: AbortSignal): Promise<string> {
  if (UUID.test(reference)) return reference;
  if (reference !== "latest") {
    throw new Failure(
      EXIT.notFound,
      `${reference} is no id of an evaluation.`,
      "See what there is: taskyard eval list",
    );
  }
  const { evaluations } = await listEvaluations(client, { query: { limit: 1 }, signal });
  const [latest] = evaluations;
  if (latest) return latest.id;
  throw new Failure(
    EXIT.notFound,
    "There is no evaluation yet.",
    "Start one: taskyard eval create --task TASK --agent oracle --watch",
  );
}
