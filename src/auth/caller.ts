/** Who is calling, as the API key says. */
export interface Caller {
  keyId: string;
  userId: string;
  /** The user's integer id, as agent clients know it. */
  userNumber: number;
  username: string;
  organizationId: string;
  /** The organization's slug, as it stands in paths. */
  organizationKey: string;
  /** The only project that the key acts in, or null for all of the organization. */
  projectId: string | null;
  /** What `@current` means to agent clients: the key's project, else the organization's default one. */
  currentProject: { id: string; number: number };
  scopes: readonly string[];
}
