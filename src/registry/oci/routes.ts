import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { blobRoutes } from "./blob-routes.ts";
import { blobUploadRoutes } from "./blob-upload-routes.ts";
import { manifestRoutes } from "./manifest-routes.ts";
import { PLACES } from "./oci-operations.ts";
import { tagRoutes } from "./tag-routes.ts";

const base = operation({
  method: "get",
  path: "/v2/",
  operationId: "ociGetBase",
  tags: ["OCI registry"],
  summary: "Whether this is a registry of OCI images, and the key one of its own",
  scope: "any",
  errors: [],
  responses: { 200: { description: "It is" } },
});

/** Push and pull by the protocol of container registries (contract A4), at both of its places. */
export function ociRoutes(): Router {
  const routes = newRouter();
  routes.openapi(base, (c) => c.json({}, 200, { "Docker-Distribution-Api-Version": "registry/2.0" }));
  for (const place of PLACES) {
    for (const part of [blobUploadRoutes, blobRoutes, manifestRoutes, tagRoutes]) routes.route("/", part(place));
  }
  return routes;
}
