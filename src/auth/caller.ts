/** Who is calling, as the API key says. */
export interface Caller {
  keyId: string;
  userId: string;
  username: string;
  organizationId: string;
  /** The organization's slug, as it stands in paths. */
  organizationKey: string;
  /** The only project that the key acts in, or null for all of the organization. */
  projectId: string | null;
  scopes: readonly string[];
}
