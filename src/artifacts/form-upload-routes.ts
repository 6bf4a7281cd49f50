import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { configOf } from "../http/context.ts";
import { operation } from "../http/operation.ts";
import { BodyPace } from "../http/request-body.ts";
import { receiveForm } from "./form-body.ts";
import { storeUpload } from "./store-upload.ts";
import { readGrant, UPLOAD_PATH } from "./upload-form.ts";

const upload = operation({
  method: "post",
  path: UPLOAD_PATH,
  operationId: "postArtifactUpload",
  tags: ["Agent runs"],
  summary: "Send the bytes of a prepared upload",
  description:
    "A multipart form: the fields that `prepare_upload` gave, then the file as `file`. They carry their own permission for " +
    "one hour: no key is needed. The file has exactly the bytes announced, else nothing is stored. Posting the same file " +
    "again changes nothing; another one is 409.",
  scope: "none",
  errors: ["forbidden", "request_refused", "state_conflict"],
  request: {
    params: z.object({ project_id: z.string().openapi({ example: "1", description: "The project's number" }) }),
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          // A plain schema: the form is read as it comes, which a validator would not do.
          schema: {
            type: "object",
            required: ["file"],
            properties: { file: { type: "string", format: "binary" } },
            additionalProperties: { type: "string" },
          },
        },
      },
    },
  },
  responses: { 204: { description: "Stored" } },
});

/** What prepared uploads are posted to (agent-tasks 7.4 `presigned_post`). */
export function uploadRoutes(): Router {
  const routes = newRouter();

  routes.openapi(upload, async (c) => {
    await receiveForm(c.req.raw, new BodyPace(configOf(c)), async (fields, file) => {
      await storeUpload(c.env.ARTIFACTS, await readGrant(c, fields), file);
    });
    return c.body(null, 204);
  });

  return routes;
}
