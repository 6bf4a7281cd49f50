import { ApiError } from "../http/errors/error-table.ts";
import { refuseProducer } from "../runs/log/producer-headers.ts";
import { CLOSED, NEXT_OFFSET } from "../stream/durable/protocol.ts";
import type { Appended, Created } from "./object/stream-outcome.ts";

const FULL = "The stream is full: it takes no more entries.";

/** Why a stream was not made. */
export function refuseCreation({ reason }: Exclude<Created, { ok: true }>): ApiError {
  switch (reason) {
    case "other_settings":
      return new ApiError("conflict", "A stream of this name is there, with other settings.");
    case "no_room":
      return new ApiError("stream_capacity_exceeded");
    case "stream_full":
      return new ApiError("body_too_large", FULL);
    default:
      return reason satisfies never;
  }
}

/** Why nothing was appended, with what the protocol wants to be said of it (5.2, 5.2.1). */
export function refuseAppend(refusal: Exclude<Appended, { ok: true }>): ApiError {
  switch (refusal.reason) {
    case "not_found":
      return new ApiError("not_found");
    case "empty":
      return new ApiError("invalid_request", "There is nothing to append: the body, or its list, is empty.");
    case "no_type":
      return new ApiError("invalid_request", "Content-Type is required: it is the stream's own.");
    case "other_type":
      return new ApiError("conflict", "Content-Type is another one than the stream's.");
    case "stale_seq":
      return new ApiError("conflict", "Stream-Seq does not sort behind that of the last append.");
    case "closed":
      return new ApiError("conflict", "The stream is closed.", {
        headers: { [CLOSED]: "true", [NEXT_OFFSET]: refusal.nextOffset },
      });
    case "stream_full":
      return new ApiError("body_too_large", FULL);
    case "sequence_gap":
      if (refusal.opensEpoch) return new ApiError("invalid_request", "A new epoch begins with Producer-Seq 0.");
      return refuseProducer(refusal);
    case "stale_epoch":
      return refuseProducer(refusal);
    default:
      return refusal satisfies never;
  }
}
