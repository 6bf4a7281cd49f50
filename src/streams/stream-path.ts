import { z } from "@hono/zod-openapi";
import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { findProjectNumber, readProject } from "../tasks/project.ts";
import type { Handle } from "../objects/handle.ts";
import type { Stream } from "./object/stream-object.ts";
import type { StreamOwner } from "./object/stream-record.ts";

/** A project's streams, one of them, and a run as one. */
export const STREAMS_PATH = "/api/projects/{project_id}/v1/stream";
export const STREAM_PATH = `${STREAMS_PATH}/{name}` as const;
export const RUN_STREAM_PATH = `${STREAMS_PATH}/runs/{run_id}` as const;

/** What a URL has of itself: no name needs an escape, none is a step to elsewhere, and `runs` leads to runs. */
const NAME = /^(?!runs$)[\w~-][\w.~-]{0,127}$/;

/** The parameters of STREAMS_PATH. */
export const streamsPath = z.object({
  project_id: z.string().openapi({ example: "@current", description: "The project's number or id, or `@current`" }),
});

/** The parameters of STREAM_PATH. */
export const streamPath = streamsPath.extend({
  name: z
    .string()
    .regex(NAME, "A stream's name has 1 to 128 letters, digits and . _ ~ -, no dot in front, and is not `runs`.")
    .openapi({ example: "chat-17" }),
});

/** The parameters of RUN_STREAM_PATH. */
export const runStreamPath = streamsPath.extend({
  run_id: z.string().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102" }),
});

type StreamHandle = Handle<Stream, "create" | "append" | "remove">;

/** A stream's object, whether there is a stream or not: without one it answers `not_found` and stores nothing. */
export function openStream(env: Cloudflare.Env, { organizationId, projectNumber, name }: StreamOwner): StreamHandle {
  return env.STREAM.getByName(`${organizationId}/${projectNumber}/${name}`);
}

/** The project that a path names, as far as the caller may know it; whether it is there is not looked up. */
export async function resolveProject(
  c: AppContext,
  projectId: string,
): Promise<{ organizationId: string; projectNumber: number }> {
  const project = readProject(callerOf(c), projectId);
  return { organizationId: project.organizationId, projectNumber: await findProjectNumber(databaseOf(c), project) };
}

/** The stream that the path names. */
export async function resolveStream(
  c: AppContext,
  { project_id, name }: z.output<typeof streamPath>,
): Promise<{ owner: StreamOwner; handle: StreamHandle }> {
  const owner = { ...(await resolveProject(c, project_id)), name };
  return { owner, handle: openStream(c.env, owner) };
}
