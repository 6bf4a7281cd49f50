/** Users of one organization; the cap that A1 documents. */
export const MAX_MEMBERS = 500;
