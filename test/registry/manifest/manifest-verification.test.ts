import { describe, expect, it } from "vitest";
import { publishTask, type Yaml } from "../publish-task.ts";

const judge = { model: "m", rubric: "Did it?" };
const flag = { path: "/tmp/flag", value: "FLAG{1}" };
const SHA256 = "ab".repeat(32);

describe("verification", () => {
  it.each<[what: string, block: Yaml, loc: string[], type: string]>([
    ["an unknown method", { method: "magic" }, ["method"], "invalid_value"],
    ["nothing to infer a method from", {}, ["method"], "method_missing"],
    ["a flag without a method", { ...flag }, ["method"], "method_missing"],
    ["script without a script", { method: "script" }, ["script"], "field_missing"],
    ["a script that is not there", { method: "script", script: "gone.sh" }, ["script"], "script_missing"],
    ["script with a judge", { method: "script", script: "verify.sh", judge }, ["judge"], "conflict"],
    ["script with a flag", { script: "verify.sh", value: "x" }, ["value"], "conflict"],
    ["flag with a script", { method: "flag", ...flag, script: "verify.sh" }, ["script"], "conflict"],
    ["flag with a judge", { method: "flag", ...flag, judge }, ["judge"], "conflict"],
    ["flag without a path", { method: "flag", value: "x" }, ["path"], "field_missing"],
    ["flag without value and hash", { method: "flag", path: "/tmp/f" }, ["value"], "field_missing"],
    ["flag with value and hash", { method: "flag", ...flag, hash: SHA256 }, ["hash"], "conflict"],
    ["a value that is a number", { method: "flag", path: "/tmp/f", value: 42 }, ["value"], "invalid_type"],
    ["both names of path", { method: "flag", ...flag, submission_path: "/tmp/g" }, ["submission_path"], "conflict"],
    [
      "both names of hash",
      { method: "flag", path: "/tmp/f", hash: SHA256, flag_hash: SHA256 },
      ["flag_hash"],
      "conflict",
    ],
    ["a hash of an unknown algorithm", { method: "flag", path: "/tmp/f", hash: "crc:00" }, ["hash"], "hash_format"],
    [
      "a hash of the wrong length",
      { method: "flag", path: "/tmp/f", hash: `sha512:${SHA256}` },
      ["hash"],
      "hash_format",
    ],
    [
      "a bare hash that is no sha256",
      { method: "flag", path: "/tmp/f", hash: "ab".repeat(20) },
      ["hash"],
      "hash_format",
    ],
    ["outcome_judge without a judge", { method: "outcome_judge" }, ["judge"], "field_missing"],
    ["outcome_judge without a rubric", { judge: { model: "m" } }, ["judge", "rubric"], "field_missing"],
    ["outcome_judge with a script", { method: "outcome_judge", judge, script: "verify.sh" }, ["script"], "conflict"],
    ["script_and_judge without a script", { method: "script_and_judge", judge }, ["script"], "field_missing"],
    ["flag_and_judge without a judge", { method: "flag_and_judge", ...flag }, ["judge"], "field_missing"],
    ["a judge without a model", { judge: { rubric: "r" } }, ["judge", "model"], "invalid_type"],
    ["a judge of another kind", { judge: { ...judge, kind: "vote" } }, ["judge", "kind"], "invalid_value"],
    ["0 steps", { judge: { ...judge, max_steps: 0 } }, ["judge", "max_steps"], "too_small"],
    ["501 steps", { judge: { ...judge, max_steps: 501 } }, ["judge", "max_steps"], "too_big"],
    ["an unknown judge key", { judge: { ...judge, mood: "good" } }, ["judge"], "unrecognized_keys"],
    ["an unknown place", { script: "verify.sh", where: "moon" }, ["where"], "invalid_value"],
    ["a timeout of 0", { script: "verify.sh", timeout: 0 }, ["timeout"], "too_small"],
  ])("refuses %s", async (_what, verification, loc, type) => {
    const { status, body } = await publishTask({ verification });
    expect(status).toBe(422);
    expect(body.errors).toHaveLength(1);
    expect(body.errors?.[0]).toMatchObject({ loc: ["archive", "task.yaml", "verification", ...loc], type });
  });

  const script = { script: "verify.sh" };
  const shown = { kind: "trajectory", max_steps: 50, ...judge };
  it.each<[what: string, block: Yaml, stored: Yaml]>([
    ["script", script, { method: "script", timeout: 30, ...script, where: "environment" }],
    [
      "script at the agent",
      { ...script, where: "agent", timeout: 5 },
      { method: "script", timeout: 5, ...script, where: "agent" },
    ],
    [
      "script_and_judge",
      { ...script, judge },
      { method: "script_and_judge", timeout: 30, ...script, where: "environment", judge: shown },
    ],
    ["outcome_judge", { judge }, { method: "outcome_judge", timeout: 30, judge: shown }],
    [
      "flag_and_judge",
      { ...flag, judge: { model: "m" } },
      { method: "flag_and_judge", timeout: 30, ...flag, judge: { kind: "trajectory", max_steps: 50, model: "m" } },
    ],
    ["flag", { method: "flag", ...flag }, { method: "flag", timeout: 30, ...flag }],
    [
      "a bare hash",
      { method: "flag", path: "/tmp/f", hash: SHA256.toUpperCase() },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: `sha256:${SHA256}` },
    ],
    [
      "its aliases",
      { method: "flag", submission_path: "/tmp/f", flag_hash: "md5:" + "0".repeat(32) },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: "md5:" + "0".repeat(32) },
    ],
    [
      "sha1",
      { method: "flag", path: "/tmp/f", hash: "sha1:" + "0".repeat(40) },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: "sha1:" + "0".repeat(40) },
    ],
    [
      "sha512",
      { method: "flag", path: "/tmp/f", hash: "sha512:" + "0".repeat(128) },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: "sha512:" + "0".repeat(128) },
    ],
  ])("takes %s", async (_what, verification, stored) => {
    const { status, body } = await publishTask({ verification });
    expect(status).toBe(201);
    expect(body["verification"]).toEqual(stored);
  });
});
