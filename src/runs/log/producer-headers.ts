import { z } from "@hono/zod-openapi";
import { ApiError } from "../../http/errors/error-table.ts";
import type { ProducerPosition, ProducerRefusal } from "../../stream/journal/producers.ts";

/** How a request says whose batch it brings: all three or none. */
export const producerHeaders = z.object({
  "producer-id": z.string().optional().openapi({
    example: "sandbox-7",
    description: "Who sends this batch. With it a batch that is sent again is stored once",
  }),
  "producer-epoch": z.string().optional().openapi({
    example: "0",
    description: "Raised by a producer that starts again; then earlier ones are refused",
  }),
  "producer-seq": z
    .string()
    .optional()
    .openapi({ example: "0", description: "The batch's number in its epoch, from 0" }),
});

/** What the answer says beside the run. */
export const producerAnswerHeaders = z.object({
  "Producer-Duplicate": z
    .string()
    .optional()
    .openapi({ description: "For a numbered batch: `true` when it was stored before, and is not stored again" }),
});

/** Characters of a producer's name at most. */
const ID_MAX_LENGTH = 256;

/** Whole numbers that JavaScript holds exactly. */
const NUMBER = /^\d{1,15}$/;

function refuse(detail: string): never {
  throw new ApiError("request_refused", detail);
}

function readNumber(name: string, text: string): number {
  return NUMBER.test(text) ? Number(text) : refuse(`${name} must be a whole number from 0.`);
}

/** The producer that a request names; undefined when it names none. */
export function readProducer(headers: z.output<typeof producerHeaders>): ProducerPosition | undefined {
  const { "producer-id": id, "producer-epoch": epoch, "producer-seq": seq } = headers;
  if (id === undefined && epoch === undefined && seq === undefined) return undefined;
  if (id === undefined || epoch === undefined || seq === undefined) {
    return refuse("Producer-Id, Producer-Epoch and Producer-Seq belong together: send all of them or none.");
  }
  if (id === "" || id.length > ID_MAX_LENGTH) refuse(`Producer-Id must have 1 to ${ID_MAX_LENGTH} characters.`);
  return { id, epoch: readNumber("Producer-Epoch", epoch), seq: readNumber("Producer-Seq", seq) };
}

/** Whether what did not succeed was refused for the producer's numbers. */
export function isProducerRefusal(failure: { reason: string }): failure is ProducerRefusal {
  return failure.reason === "stale_epoch" || failure.reason === "sequence_gap";
}

/** What a producer is told whose batch was not taken: 403 for its successor's sake, 409 for what is missing. */
export function refuseProducer(refusal: ProducerRefusal): ApiError {
  if (refusal.reason === "stale_epoch") {
    const { epoch } = refusal;
    return new ApiError("stale_epoch", `This producer writes in epoch ${epoch} now.`, {
      headers: { "Producer-Epoch": String(epoch) },
      bareFields: { epoch },
    });
  }
  const { expected, received } = refusal;
  return new ApiError("state_conflict", `Batch ${expected} of this producer comes next, not ${received}.`, {
    headers: { "Producer-Expected-Seq": String(expected), "Producer-Received-Seq": String(received) },
    bareFields: { expected_seq: expected, received_seq: received },
  });
}
