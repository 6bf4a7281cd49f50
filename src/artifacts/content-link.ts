import { signLink } from "../auth/signed-links.ts";
import { type AppContext, configOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { toPublicUrl } from "../http/admission/public-origin.ts";
import type { Disposition } from "../http/stored-file.ts";
import { isInert, storedType } from "./media-type.ts";
import { presignS3, s3AccessOf } from "./s3-link.ts";

/** Seconds that a download link is good for (agent-tasks 7.3 `expires_in`). */
export const LINK_LIFE_SECONDS = 3600;

/** Where links to the contents of a project's files lead. */
export const CONTENT_PATH = "/api/projects/{project_id}/artifact_content";

/** A file to download. */
export interface LinkedFile {
  projectNumber: number;
  storagePath: string;
  name: string;
  contentType: string;
}

/** A link that needs no key. */
export interface ContentLink {
  url: string;
  expiresAt: Date;
}

/** Contents that are gone: expired, or never complete (7.4). */
export function contentNotFound(): ApiError {
  return new ApiError("artifact_not_found", "Artifact content not found");
}

/** How a browser is to take a file when its link asks for `wanted`: only what cannot run is shown in place. */
export function dispositionFor(contentType: string, wanted: Disposition): Disposition {
  return wanted === "inline" && isInert(contentType) ? "inline" : "attachment";
}

/**
 * A link to the bytes of a file as they are now, good for an hour: to R2 itself where its S3 access is configured, else to
 * this server. Throws `artifact_not_found` when the bytes are gone, `request_refused` when there is nothing to sign with.
 */
export async function linkToContent(
  c: AppContext,
  { projectNumber, storagePath: key, name, contentType }: LinkedFile,
  wanted: Disposition = "attachment",
): Promise<ContentLink> {
  const config = configOf(c);
  const access = s3AccessOf(config);
  if (!access && config.LINK_SIGNING_SECRETS.length === 0) {
    throw new ApiError("request_refused", "Unable to generate download URL");
  }
  const object = await c.env.ARTIFACTS.head(key);
  if (!object) throw contentNotFound();
  const expiresAt = new Date(Date.now() + LINK_LIFE_SECONDS * 1000);
  const type = storedType(contentType);
  const disposition = dispositionFor(type, wanted);
  if (access) {
    const file = { key, filename: name, contentType: type, disposition };
    return { url: await presignS3(access, file, LINK_LIFE_SECONDS), expiresAt };
  }
  const url = toPublicUrl(c, CONTENT_PATH.replace("{project_id}", String(projectNumber)));
  url.search = new URLSearchParams({ key, name, etag: object.etag, disposition }).toString();
  return { url: await signLink(config.LINK_SIGNING_SECRETS, { method: "GET", url, expiresAt }), expiresAt };
}
