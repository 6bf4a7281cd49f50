/** The end records and the directory: one test per refusal, named after its reason. */
import { describe } from "vitest";
import { DIRECTORY_REFUSALS } from "./directory-refusals.ts";
import { itRefuses } from "./refusal.ts";

describe.each(Object.entries(DIRECTORY_REFUSALS))("%s", (_, refusals) => {
  itRefuses(refusals);
});
