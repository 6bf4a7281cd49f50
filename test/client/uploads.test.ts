import { expect, test } from "vitest";
import {
  createAgentRun,
  createAgentTask,
  createEnvironment,
  downloadAgentRunArtifact,
  downloadTaskArchive,
  type Fetch,
  getTaskVersion,
  InvalidRequestError,
  type Progress,
  putTaskUploadPart,
  readEnvironmentFile,
  startTaskUpload,
  uploadArchive,
  uploadArtifact,
  uploadFile,
  type UploadState,
} from "../../src/client/index.ts";
import { publishSolvable } from "../evaluations/client.ts";
import { packTask, sha256 } from "../registry/archives.ts";
import { callWorker, createYard } from "./yard.ts";

const MiB = 1024 * 1024;

/** Bytes that do not get smaller when they are packed. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, size)));
  return bytes;
}

/** A `fetch` that notes which parts are sent. */
function notingParts(): { fetch: Fetch; parts: string[] } {
  const parts: string[] = [];
  const fetch: Fetch = async (url, init) => {
    const part = /\/parts\/(\d+)$/.exec(url)?.[1];
    if (init.method === "PUT" && part !== undefined) parts.push(part);
    return await callWorker(url, init);
  };
  return { fetch, parts };
}

test("a small archive is published in one request, and one that is refused says why", async () => {
  const { yard } = await createYard();
  const archive = packTask();
  const path = { name: "sample", version: "1.0.0" };
  const seen: Progress[] = [];
  const published = await uploadArchive(yard, { path, source: new Blob([archive]), onProgress: (at) => seen.push(at) });
  expect(published).toMatchObject({ name: "sample", version: "1.0.0" });
  expect(seen).toEqual([{ sent: archive.byteLength, total: archive.byteLength }]);
  // Once more it is nothing new.
  expect((await uploadArchive(yard, { path, source: archive })).name).toBe("sample");
  const broken = archive.slice(0, archive.byteLength - 30);
  const refused = uploadArchive(yard, { path: { name: "broken", version: "1.0.0" }, source: broken });
  await expect(refused).rejects.toThrow(InvalidRequestError);
  await expect(refused).rejects.toMatchObject({
    code: "task_error",
    problems: [expect.objectContaining({ loc: ["archive"] })],
  });
});

test("a large archive goes in parts, and goes on after it broke off with what has not arrived", async () => {
  const { fetch, parts } = notingParts();
  const { yard } = await createYard({ fetch });
  const archive = packTask({}, { "large.bin": noise(17 * MiB) });
  const path = { name: "sample", version: "1.0.0" };
  const sum = await sha256(archive);
  const ending = new AbortController();
  let kept = "";
  const onState = (state: UploadState) => {
    kept = JSON.stringify(state);
  };
  const breakOff = () => ending.abort(new Error("killed"));
  const first = uploadArchive(yard, {
    path,
    source: new Blob([archive]),
    onState,
    concurrency: 1,
    signal: ending.signal,
    onProgress: breakOff,
  });
  await expect(first).rejects.toThrow("killed");
  expect(parts).toEqual(["1"]);
  parts.length = 0;
  const seen: number[] = [];
  const state: UploadState = JSON.parse(kept);
  const onProgress = ({ sent }: Progress) => seen.push(sent);
  await uploadArchive(yard, { path, source: new Blob([archive]), sha256: sum, state, onProgress });
  expect(parts).toEqual(["2"]);
  expect(seen.at(-1)).toBe(archive.byteLength);
  expect((await getTaskVersion(yard, { path })).sha256).toBe(sum);
  const back = await downloadTaskArchive(yard, { path });
  expect(await sha256(new Uint8Array(await back.arrayBuffer()))).toBe(sum);
  // What is published with these bytes is not sent again.
  parts.length = 0;
  await uploadArchive(yard, { path, source: new Blob([archive]), sha256: sum });
  expect(parts).toEqual([]);
  // A part that arrived with other bytes is sent again; so is everything where the upload is not there any more.
  const second = { name: "sample", version: "2.0.0" };
  const other = packTask({ version: "2.0.0" }, { "large.bin": noise(9 * MiB) });
  const begun = await startTaskUpload(yard, { path: second, body: { size: other.byteLength } });
  if (!("received_bytes" in begun)) throw new Error("no upload");
  const part = { ...second, upload_id: begun.id, part_number: 1 };
  await putTaskUploadPart(yard, { path: part, body: noise(other.byteLength) });
  parts.length = 0;
  await uploadArchive(yard, { path: second, source: other, state: { uploadId: begun.id, size: other.byteLength } });
  expect(parts).toEqual(["1"]);
  const third = { name: "sample", version: "3.0.0" };
  const small = packTask({ version: "3.0.0" });
  const gone = { uploadId: crypto.randomUUID(), size: small.byteLength };
  await uploadArchive(yard, { path: third, source: small, state: gone });
  await expect(uploadArchive(yard, { path: third, source: other, state: gone })).rejects.toThrow("another one");
  const wrong = packTask({ version: "4.0.0", name: "another" });
  const refused = uploadArchive(yard, {
    path: { name: "sample", version: "4.0.0" },
    source: wrong,
    state: { uploadId: gone.uploadId, size: wrong.byteLength },
  });
  await expect(refused).rejects.toMatchObject({ code: "task_error", problems: [expect.anything()] });
}, 60_000);

test("files go into an environment in one request or in parts, whose whole is compared", async () => {
  const { fetch, parts } = notingParts();
  const { yard, tenant } = await createYard({ fetch });
  await publishSolvable(tenant, "write");
  const environment = await createEnvironment(yard, { body: { task_ref: "write" } });
  const token = environment.execute_token ?? "";
  const path = { environment_id: environment.id };
  const headers = { "X-Environment-Token": token };
  const read = async (file: string) => await readEnvironmentFile(yard, { path: { ...path, path: file }, headers });
  await uploadFile(yard, { path: { ...path, path: "/task/a folder/ä#%.txt" }, token, source: new Blob(["small"]) });
  expect(await (await read("task/a folder/ä#%.txt")).text()).toBe("small");
  const large = noise(9 * MiB);
  const sum = await sha256(large);
  const written = await uploadFile(yard, { path: { ...path, path: "/task/large" }, token, source: large, sha256: sum });
  expect(written.size).toBe(large.byteLength);
  expect(parts.length).toBeGreaterThan(0);
  expect(await sha256(new Uint8Array(await (await read("task/large")).arrayBuffer()))).toBe(sum);
  const wrong = uploadFile(yard, { path: { ...path, path: "/task/x" }, token, source: large, sha256: "0".repeat(64) });
  await expect(wrong).rejects.toThrow(InvalidRequestError);
});

test("an artifact is uploaded as a form, without the key, and again where the answer was lost", async () => {
  const posted: (string | null)[] = [];
  const { yard } = await createYard({
    fetch: async (url, init) => {
      const answer = await callWorker(url, init);
      if (!url.includes("/artifact_uploads")) return answer;
      posted.push(new Headers(init.headers).get("authorization"));
      if (posted.length === 1) throw new TypeError("the connection broke");
      return answer;
    },
  });
  const task = await createAgentTask(yard, { body: { title: "A task" } });
  const run = await createAgentRun(yard, { path: { task_id: task.id }, body: {} });
  const path = { task_id: task.id, run_id: run.id };
  const content = new Blob([noise(1000)]);
  const artifact = await uploadArtifact(yard, { path, name: "data.bin", type: "output", content });
  expect(artifact).toMatchObject({ name: "data.bin", size: 1000 });
  expect(posted).toEqual([null, null]);
  const back = await downloadAgentRunArtifact(yard, { path, body: { storage_path: artifact.storage_path } });
  expect(new Uint8Array(await back.arrayBuffer())).toEqual(new Uint8Array(await content.arrayBuffer()));
});
