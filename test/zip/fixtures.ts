/** The archives of test/fixtures/zip, which the bundler hands over as data URLs: the test's runtime has no files. */
import listings from "../fixtures/zip/listings.json";

declare global {
  interface ImportMeta {
    glob(pattern: string, options: { query: string; import: string; eager: true }): Record<string, string>;
  }
}

const urls = import.meta.glob("../fixtures/zip/*.zip", { query: "?url&inline", import: "default", eager: true });

export interface Fixture {
  name: string;
  bytes: Uint8Array;
  /** What Python's zipfile says of it. */
  listing: (typeof listings)[keyof typeof listings];
}

export const FIXTURES: Fixture[] = Object.entries(listings).map(([name, listing]) => ({
  name,
  listing,
  bytes: Buffer.from((urls[`../fixtures/zip/${name}`] ?? "").replace(/^.*,/, ""), "base64"),
}));
