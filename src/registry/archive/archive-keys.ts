/** The one place that spells R2 keys of task archives. */

/** Where the archive of an upload lies, before it is accepted and ever after: accepting moves no bytes. */
export function archiveKey(organizationId: string, uploadId: string): string {
  return `${organizationId}/${uploadId}.zip`;
}

/** Where the bytes of a pushed blob lie, or what one request has brought of it. */
export function blobKey(organizationId: string, objectId: string): string {
  return `${organizationId}/blobs/${objectId}`;
}
