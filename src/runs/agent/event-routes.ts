import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { configOf } from "../../http/context.ts";
import { operation } from "../../http/operation.ts";
import { withWatchedKey } from "../../http/watched-key.ts";
import type { SourceStep } from "../../stream/journal/numbered-source.ts";
import { admitIngestToken } from "../access/event-access.ts";
import { takeEvents } from "./event-intake.ts";
import { resolveRun, RUN_PATH, runPath, unwrap } from "../access/run-path.ts";

const LINES_EXAMPLE = [
  '{"seq":1,"event":{"type":"notification","notification":{"jsonrpc":"2.0","method":"_posthog/run_started"}}}',
  '{"type":"_posthog/stream_complete","final_seq":1}',
  "",
].join("\n");

const eventStream = operation({
  method: "post",
  path: `${RUN_PATH}/event_stream`,
  operationId: "sendAgentRunEvents",
  bodyLimit: "as it comes",
  tags: ["Agent runs"],
  summary: "Send a run's events as they happen",
  description:
    "Lines of JSON, `{seq, event}`, numbered from 1 without gaps, stored while they arrive; `_posthog/stream_complete` " +
    "with `final_seq` ends them. Events that were stored before are ignored. An empty body asks how far the run is. A " +
    "request takes 1,000 events and 5 MiB, a line 1 MiB. Beside a key it takes the run's own token (audience " +
    "`posthog:sandbox_event_ingest`).",
  scope: "task:write",
  admits: admitIngestToken,
  errorFamily: "agent-events",
  errors: ["malformed_json", "invalid_request", "forbidden", "not_found", "conflict", "body_too_large"],
  request: {
    params: runPath,
    body: { content: { "application/x-ndjson": { schema: z.string(), example: LINES_EXAMPLE } } },
  },
  responses: {
    200: {
      description: "Everything that was sent is stored",
      content: {
        "application/json": {
          schema: z
            .object({
              accepted: z.int().openapi({ description: "Events that this request stored" }),
              duplicate: z.int().openapi({ description: "Events that were stored before" }),
              last_accepted_seq: z.int().openapi({ description: "The number of the last event that is stored" }),
            })
            .openapi("AgentRunEventsTaken"),
          example: { accepted: 1, duplicate: 0, last_accepted_seq: 1 },
        },
      },
    },
  },
});

/** What a run's agent sends (agent-tasks 9, event_stream). */
export function eventRoutes(): Router {
  const routes = newRouter();

  routes.openapi(eventStream, async (c) => {
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const { RUN_JOURNAL_MAX_BYTES: maxBytes } = configOf(c);
    const take = async (step: SourceStep) => unwrap(await handle.takeEvents(scope, step, maxBytes));
    const report = await withWatchedKey(c, "The key that sent these events is good no more.", (ended) =>
      takeEvents(c.req.raw.body, take, ended),
    );
    return c.json(report, 200);
  });

  return routes;
}
