import { decodeProtectedHeader, exportPKCS8, exportSPKI, generateKeyPair, importSPKI, jwtVerify } from "jose";
import { describe, expect, it, vi } from "vitest";
import { importRunTokenKeys } from "../../src/auth/run-token-keys.ts";
import {
  readIngestToken,
  readStreamToken,
  signConnectionToken,
  signIngestToken,
  signStreamToken,
} from "../../src/auth/run-tokens.ts";

const RUN = { runId: "0190-run", taskId: "0190-task", projectNumber: 7 };
const CALLER = { userId: "0190-user", userNumber: 42 };

const pair = await generateKeyPair("RS256", { extractable: true });
const [NEW, OLD] = [await exportPKCS8(pair.privateKey), await makeKey()];
const PUBLIC_PEM = await exportSPKI(pair.publicKey);

async function makeKey(): Promise<string> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return exportPKCS8(privateKey);
}

/** The token with one claim of its payload changed and the signature left as it was. */
function withClaim(token: string, claim: string, value: unknown): string {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const claims: Record<string, unknown> = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" })),
  );
  const changed = new TextEncoder().encode(JSON.stringify({ ...claims, [claim]: value }));
  return [head, changed.toBase64({ alphabet: "base64url", omitPadding: true }), signature].join(".");
}

describe("run token keys", () => {
  it("are named by the first 16 hexadecimal characters of the SHA-256 of the SPKI DER", async () => {
    const [key] = await importRunTokenKeys([NEW]);
    const der = Uint8Array.fromBase64(PUBLIC_PEM.replaceAll(/-----.*-----|\n/g, ""));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der)).toHex();
    expect(key?.kid).toBe(digest.slice(0, 16));
    expect(key?.pem.trim()).toBe(PUBLIC_PEM.trim());
  });

  it("publish nothing private", async () => {
    const [key] = await importRunTokenKeys([NEW]);
    expect(Object.keys(key?.jwk ?? {}).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
    expect(key?.pem).not.toContain("PRIVATE");
  });

  it("are refused without being shown", async () => {
    const curve = await exportPKCS8((await generateKeyPair("ES256", { extractable: true })).privateKey);
    const damaged = NEW.replace(/[A-Za-z]{20}/, "AAAAAAAAAAAAAAAAAAAA");
    for (const pem of [curve, damaged]) {
      const problem = await importRunTokenKeys([pem]).catch(String);
      expect(problem).toContain("RUN_TOKEN_PRIVATE_KEY");
      for (const line of pem.split("\n").slice(1, -2)) expect(problem).not.toContain(line);
    }
  });

  it("must be there to sign", async () => {
    await expect(signStreamToken([], RUN, "viewer")).rejects.toThrow("RUN_TOKEN_PRIVATE_KEY is not configured");
  });
});

describe("connection tokens", () => {
  it("carry the claims that agents' servers require, for 24 hours", async () => {
    const token = await signConnectionToken([NEW, OLD], RUN, CALLER, "interactive");
    const { payload, protectedHeader } = await jwtVerify(token, await importSPKI(PUBLIC_PEM, "RS256"), {
      algorithms: ["RS256"],
      audience: "posthog:sandbox_connection",
    });
    const [key] = await importRunTokenKeys([NEW]);
    expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT", kid: key?.kid });
    const { iat = 0, exp = 0, ...claims } = payload;
    expect(exp - iat).toBe(24 * 3600);
    expect(Math.abs(Date.now() / 1000 - iat)).toBeLessThan(60);
    expect(claims).toEqual({
      run_id: RUN.runId,
      task_id: RUN.taskId,
      team_id: 7,
      user_id: 42,
      distinct_id: CALLER.userId,
      mode: "interactive",
      aud: "posthog:sandbox_connection",
    });
  });

  it("leave out the mode of a run that has none", async () => {
    const token = await signConnectionToken([NEW], RUN, CALLER, undefined);
    const { payload } = await jwtVerify(token, await importSPKI(PUBLIC_PEM, "RS256"));
    expect(payload).not.toHaveProperty("mode");
  });
});

describe("stream tokens", () => {
  it("open the run they were made for", async () => {
    expect(await readStreamToken([NEW], await signStreamToken([NEW], RUN, "viewer"), "viewer")).toEqual(RUN);
  });

  it("expire after ten minutes", async () => {
    const token = await signStreamToken([NEW], RUN, "viewer");
    vi.useFakeTimers({ now: Date.now() + 10 * 60_000 + 1000, toFake: ["Date"] });
    try {
      expect(await readStreamToken([NEW], token, "viewer")).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it("are refused when changed, made with another key, or made for something else", async () => {
    const token = await signStreamToken([NEW], RUN, "viewer");
    const unsigned = `${btoa(JSON.stringify({ alg: "none" })).replaceAll("=", "")}.${token.split(".")[1]}.`;
    const refused = [
      withClaim(token, "run_id", "other"),
      withClaim(token, "exp", 9_999_999_999),
      unsigned,
      await signStreamToken([await makeKey()], RUN, "viewer"),
      await signConnectionToken([NEW], RUN, CALLER, undefined),
      "",
      "a.b.c",
    ];
    for (const other of refused) expect(await readStreamToken([NEW], other, "viewer"), other).toBeUndefined();
  });

  it("survive a rotation of the keys until the old one is dropped", async () => {
    const before = await signStreamToken([OLD], RUN, "viewer");
    const after = await signStreamToken([NEW, OLD], RUN, "viewer");
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    expect(await readStreamToken([NEW, OLD], before, "viewer")).toEqual(RUN);
    expect(await readStreamToken([NEW, OLD], after, "viewer")).toEqual(RUN);
    expect(await readStreamToken([NEW], before, "viewer")).toBeUndefined();
  });
});

describe("ingest tokens", () => {
  it("carry the claims of the contract, for seven hours, and send the events of their run", async () => {
    const token = await signIngestToken([NEW, OLD], RUN);
    const { payload } = await jwtVerify(token, await importSPKI(PUBLIC_PEM, "RS256"), {
      algorithms: ["RS256"],
      audience: "posthog:sandbox_event_ingest",
    });
    const { iat = 0, exp = 0, ...claims } = payload;
    expect(exp - iat).toBe(7 * 3600);
    expect(claims).toEqual({
      run_id: RUN.runId,
      task_id: RUN.taskId,
      team_id: 7,
      aud: "posthog:sandbox_event_ingest",
    });
    expect(await readIngestToken([NEW], token)).toEqual(RUN);
  });

  it("and stream tokens do not stand for each other", async () => {
    expect(await readStreamToken([NEW], await signIngestToken([NEW], RUN), "viewer")).toBeUndefined();
    expect(await readIngestToken([NEW], await signStreamToken([NEW], RUN, "viewer"))).toBeUndefined();
  });
});
