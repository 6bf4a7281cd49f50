import { signLink, verifyLink } from "../auth/signed-links.ts";
import { type AppContext, configOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { toPublicUrl } from "../http/admission/public-origin.ts";
import { LINK_LIFE_SECONDS } from "./content-link.ts";

/** Where the forms of prepared uploads are posted to. */
export const UPLOAD_PATH = "/api/projects/{project_id}/artifact_uploads";

/** What a form allows: these bytes under this key, once. */
export interface UploadGrant {
  key: string;
  /** Bytes, exactly. */
  size: number;
  /** As the file is going to be served; "" where nobody said. */
  contentType: string;
}

/** A form as the wire has it (agent-tasks 7.4): a client sends the fields first, then `file`, as multipart. */
export interface PresignedPost {
  url: string;
  fields: Record<string, string>;
}

/**
 * The form that an upload is posted with, good for an hour. Its fields are those of a signed link: each is bound by the
 * signature, and none can be added. Throws `request_refused` when there is nothing to sign with.
 */
export async function presignPost(c: AppContext, projectNumber: number, grant: UploadGrant): Promise<PresignedPost> {
  const secrets = configOf(c).LINK_SIGNING_SECRETS;
  if (secrets.length === 0) throw new ApiError("request_refused", "Unable to generate upload URL");
  const action = toPublicUrl(c, UPLOAD_PATH.replace("{project_id}", String(projectNumber)));
  const url = new URL(action);
  url.search = new URLSearchParams({
    key: grant.key,
    content_type: grant.contentType,
    size: String(grant.size),
  }).toString();
  const expiresAt = new Date(Date.now() + LINK_LIFE_SECONDS * 1000);
  const signed = new URL(await signLink(secrets, { method: "POST", url, expiresAt }));
  return { url: action.href, fields: Object.fromEntries(signed.searchParams) };
}

/** What the fields of a form allow; 403 unless they are, all of them, those of a form that was made here for this path. */
export async function readGrant(c: AppContext, fields: URLSearchParams): Promise<UploadGrant> {
  const url = new URL(c.req.url);
  url.search = fields.toString();
  const verdict = await verifyLink(configOf(c).LINK_SIGNING_SECRETS, { method: "POST", url }, new Date());
  if (!verdict.ok) throw new ApiError("forbidden", `This form is ${verdict.reason}.`);
  return {
    key: fields.get("key") ?? "",
    size: Number(fields.get("size")),
    contentType: fields.get("content_type") ?? "",
  };
}
