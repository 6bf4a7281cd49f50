import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { type LinkSecret, signLink, verifyLink } from "../../src/auth/signed-links.ts";

const OLD: LinkSecret = { kid: "2026-01", secret: "old-secret-0123456789abcdef0123456789" };
const NEW: LinkSecret = { kid: "2026-06", secret: "new-secret-0123456789abcdef0123456789" };
const NOW = new Date("2026-06-01T12:00:00Z");
const LATER = new Date(NOW.getTime() + 60_000);
const URL_TO_SIGN = "https://taskyard.test/api/files/one.txt?etag=abc&disposition=inline%20now";

const sign = (secrets: LinkSecret[], method = "GET") =>
  signLink(secrets, { method, url: new URL(URL_TO_SIGN), expiresAt: LATER });
const verify = (url: string, { secrets = [NEW, OLD], method = "GET", now = NOW } = {}) =>
  verifyLink(secrets, { method, url }, now);

/** The link with one thing about its URL changed. */
function changed(link: string, change: (url: URL) => void): string {
  const url = new URL(link);
  change(url);
  return url.href;
}

describe("signed links", () => {
  it("are good for their method and resource, on any origin and with the query in any order", async () => {
    const link = await sign([NEW]);
    expect(await verify(link)).toEqual({ ok: true });
    expect(await verify(link, { method: "HEAD" })).toEqual({ ok: true });
    expect(await verify(link.replace("taskyard.test", "127.0.0.1:8787"))).toEqual({ ok: true });
    const shuffled = changed(link, (url) => {
      url.search = new URLSearchParams([...url.searchParams].toReversed()).toString();
    });
    expect(await verify(shuffled)).toEqual({ ok: true });
  });

  it("keep the query they were made for", async () => {
    const { searchParams } = new URL(await sign([NEW]));
    expect(searchParams.get("etag")).toBe("abc");
    expect(searchParams.get("disposition")).toBe("inline now");
  });

  it.each<[string, (url: URL) => void]>([
    ["another path", (url) => (url.pathname = "/api/files/two.txt")],
    ["a trailing slash", (url) => (url.pathname += "/")],
    ["a later expiry", (url) => url.searchParams.set("expires", "9999999999")],
    ["another claim", (url) => url.searchParams.set("etag", "def")],
    ["an added parameter", (url) => url.searchParams.set("admin", "1")],
    ["a repeated parameter", (url) => url.searchParams.append("etag", "def")],
    ["a missing claim", (url) => url.searchParams.delete("etag")],
    ["an unknown key", (url) => url.searchParams.set("kid", "other")],
    ["another known key", (url) => url.searchParams.set("kid", OLD.kid)],
    ["no signature", (url) => url.searchParams.delete("signature")],
    ["no query", (url) => (url.search = "")],
    ["a signature that is no base64url", (url) => url.searchParams.set("signature", "%%%")],
    ["an empty signature", (url) => url.searchParams.set("signature", "")],
    ["a signature cut short", (url) => url.searchParams.set("signature", "AAAA")],
  ])("are refused with %s", async (_what, change) => {
    const link = await sign([NEW]);
    expect(await verify(changed(link, change))).toEqual({ ok: false, reason: "invalid" });
  });

  it("are refused for another method", async () => {
    expect(await verify(await sign([NEW]), { method: "DELETE" })).toEqual({ ok: false, reason: "invalid" });
    expect(await verify(await sign([NEW], "PUT"))).toEqual({ ok: false, reason: "invalid" });
  });

  it("expire at their second, and say so only when they were ours", async () => {
    const link = await sign([NEW]);
    expect(await verify(link, { now: new Date(LATER.getTime() - 1) })).toEqual({ ok: true });
    expect(await verify(link, { now: LATER })).toEqual({ ok: false, reason: "expired" });
    const tampered = changed(link, (url) => url.searchParams.set("etag", "def"));
    expect(await verify(tampered, { now: LATER })).toEqual({ ok: false, reason: "invalid" });
  });

  it("survive a rotation of the secrets until the old one is dropped", async () => {
    const before = await sign([OLD]);
    const after = await sign([NEW, OLD]);
    expect(new URL(after).searchParams.get("kid")).toBe(NEW.kid);
    expect(await verify(before, { secrets: [NEW, OLD] })).toEqual({ ok: true });
    expect(await verify(after, { secrets: [NEW, OLD] })).toEqual({ ok: true });
    expect(await verify(before, { secrets: [NEW] })).toEqual({ ok: false, reason: "invalid" });
  });

  it("cannot be forged with another secret under a known id", async () => {
    const forged = await sign([{ kid: NEW.kid, secret: OLD.secret }]);
    expect(await verify(forged)).toEqual({ ok: false, reason: "invalid" });
  });

  it("never show a secret, and need one", async () => {
    expect(await sign([NEW])).not.toContain(NEW.secret);
    await expect(sign([])).rejects.toThrow("LINK_SIGNING_SECRETS is not configured");
  });
});

function parse(setting: string) {
  const settings = { ...env, LINK_SIGNING_SECRETS: setting };
  return readConfig(settings);
}

describe("LINK_SIGNING_SECRETS", () => {
  it("are names and secrets in the order in which they stand", () => {
    const setting = ` ${NEW.kid}:${NEW.secret}, ${OLD.kid}:${OLD.secret}:with:colons,`;
    const expected = [NEW, { ...OLD, secret: `${OLD.secret}:with:colons` }];
    expect(parse(setting).LINK_SIGNING_SECRETS).toEqual(expected);
    expect(parse("").LINK_SIGNING_SECRETS).toEqual([]);
  });

  it.each([NEW.secret, "a:short-secret", `:${NEW.secret}`, `a b:${NEW.secret}`])(
    "are refused without being shown: %s",
    (setting) => {
      expect(() => parse(setting)).toThrow(/LINK_SIGNING_SECRETS/);
      expect(() => parse(setting)).not.toThrow(/secret-/);
    },
  );
});
