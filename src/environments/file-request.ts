import { z } from "zod";

/** What the Worker asks of an environment's object for the bytes of a file. Only the Worker reaches the object. */
const fileRequest = z.object({
  access: z.object({
    organizationId: z.string(),
    workspace: z.string(),
    projectId: z.string().nullable(),
    tokenHash: z.string(),
  }),
  path: z.string(),
  range: z.object({ offset: z.int(), length: z.int() }),
});

export type FileRequest = z.output<typeof fileRequest>;

const HEADER = "X-File-Request";

/** The request to the object. Files go by fetch and not by RPC: a response in progress keeps the object in memory. */
export function toFileRequest(asked: FileRequest): Request {
  return new Request("https://environment/file", { headers: { [HEADER]: encodeURIComponent(JSON.stringify(asked)) } });
}

/** What a request of `toFileRequest` asks; undefined for any other request. */
export function readFileRequest(request: Request): FileRequest | undefined {
  const header = request.headers.get(HEADER);
  return header === null ? undefined : fileRequest.parse(JSON.parse(decodeURIComponent(header)));
}
