import { inArray, or, type SQLWrapper } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { ociBlobs, ociManifests } from "../../db/oci-schema.ts";

/**
 * What deletes the OCI manifests with these ids, which are those of uploads or versions that end in the same batch. Their
 * blobs wait from now on for a manifest that names them, or for the sweeper.
 */
export function releaseManifests(db: Database, ids: SQLWrapper) {
  const doomed = inArray(ociManifests.id, ids);
  const layers = db.select({ id: ociManifests.layerBlobId }).from(ociManifests).where(doomed);
  const configs = db.select({ id: ociManifests.configBlobId }).from(ociManifests).where(doomed);
  return [
    db
      .update(ociBlobs)
      .set({ idleSince: new Date() })
      .where(or(inArray(ociBlobs.id, layers), inArray(ociBlobs.id, configs))),
    db.delete(ociManifests).where(doomed),
  ] as const;
}
