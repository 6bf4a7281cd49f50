import { type AppContext, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { findUpload, type Upload } from "../publish/upload-store.ts";

/** The upload of a path, of the caller's own organization; 404 when the path names another task or version than it has. */
export async function requireUpload(
  c: AppContext,
  path: { org: string; name: string; version: string; upload_id: string },
): Promise<Upload> {
  const { organizationId } = requireOwnOrganization(c, path.org);
  const upload = await findUpload(databaseOf(c), organizationId, path.upload_id);
  if (upload?.taskName !== path.name || upload.version !== path.version) {
    throw new ApiError("not_found", `Upload ${path.upload_id} not found.`);
  }
  return upload;
}
