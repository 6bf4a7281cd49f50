/** Users of one organization; the cap that A1 documents. */
export const MAX_MEMBERS = 500;

/** Longest life of an environment, in seconds: a day, after which nobody is waiting for it any more. */
export const SANDBOX_MAX_SECONDS = 86_400;

/** Life of an environment whose creator asks for none, in seconds. */
export const SANDBOX_DEFAULT_SECONDS = 3_600;
