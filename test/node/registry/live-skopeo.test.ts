import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Connection } from "../../../scripts/state-folder.ts";
import { memoryFolder } from "../../memory-folder.ts";
import { createLiveOrganization } from "../live-organization.ts";

const run = promisify(execFile);

/** Whether skopeo is here; says so where it is not. CI installs it, and fails without it. */
const HAS_SKOPEO = await run("skopeo", ["--version"]).then(
  () => true,
  () => {
    if (process.env["CI"] !== undefined) throw new Error("skopeo is not installed: .ci/run has to install it.");
    process.stderr.write("skopeo is not installed: the tests that push and pull with it are left out.\n");
    return false;
  },
);

const LAYER_TYPE = "application/vnd.dreadnode.layer.v1.tar+gzip";
const CONFIG_TYPE = "application/vnd.dreadnode.config.v1+json";
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

const hexOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Packs a folder as the command line does: sorted, without times and owners. */
async function packLayer(folder: string): Promise<Uint8Array> {
  const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const options = { encoding: "buffer", maxBuffer: 64 * 1024 * 1024, env: { ...process.env, GZIP: "-n" } } as const;
  const names = (await readdir(folder)).sort();
  return (await run("tar", ["-C", folder, ...plain, "-czf", "-", ...names], options)).stdout;
}

/** An OCI layout, as tools keep images on a disk, with one task in it. */
async function writeLayout(folder: string, layer: Uint8Array, version: string): Promise<{ manifest: string }> {
  const blobs = path.join(folder, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  const put = async (bytes: Uint8Array, mediaType: string) => {
    await writeFile(path.join(blobs, hexOf(bytes)), bytes);
    return { mediaType, digest: `sha256:${hexOf(bytes)}`, size: bytes.byteLength };
  };
  const config = await put(Buffer.from('{"name": "hello"}'), CONFIG_TYPE);
  const layers = [await put(layer, LAYER_TYPE)];
  const annotations = { "io.dreadnode.type": "environment", "io.dreadnode.version": version };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers, annotations });
  const described = await put(Buffer.from(manifest), MANIFEST_TYPE);
  const named = { ...described, annotations: { "org.opencontainers.image.ref.name": version } };
  await writeFile(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(path.join(folder, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
  return { manifest };
}

describe.runIf(HAS_SKOPEO)("skopeo", () => {
  let folder: string;
  let connection: Connection;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(memoryFolder(), "taskyard-skopeo-"));
    connection = await createLiveOrganization("skopeo");
    await mkdir(path.join(folder, "task"));
    const yaml = { name: "hello", version: "1.0.0", instruction: "Say hello.", verification: { script: "verify.sh" } };
    await writeFile(path.join(folder, "task/task.yaml"), JSON.stringify(yaml));
    await writeFile(path.join(folder, "task/verify.sh"), "exit 0\n", { mode: 0o755 });
    await writeFile(path.join(folder, "task/data.txt"), "hello\n".repeat(100_000));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const place = (version: string) => `docker://${new URL(connection.base_url).host}/${connection.org}/hello${version}`;
  const skopeo = (...args: string[]) => run("skopeo", args, { env: { ...process.env, TMPDIR: folder } });
  const credentials = (flag: string) => [`--${flag}creds=__token__:${connection.api_key}`, `--${flag}tls-verify=false`];
  const push = (layout: string, version: string) =>
    skopeo("copy", "--insecure-policy", ...credentials("dest-"), `oci:${layout}:${version}`, place(`:${version}`));
  const api = (pathname: string) =>
    fetch(`${connection.base_url}/api/v1/org/${connection.org}${pathname}`, {
      headers: { Authorization: `Bearer ${connection.api_key}` },
    });

  test("pushes a task, which is then a version like any other, and pulls the same bytes", async () => {
    const layer = await packLayer(path.join(folder, "task"));
    const layout = path.join(folder, "layout");
    const { manifest } = await writeLayout(layout, layer, "1.0.0");
    await push(layout, "1.0.0");
    // Again: everything is there.
    await push(layout, "1.0.0");
    const detail = await (await api("/tasks/hello/1.0.0")).json();
    expect(detail).toMatchObject({ oci_digest: `sha256:${hexOf(layer)}`, instruction: "Say hello." });
    const file = await api("/tasks/hello/files/data.txt");
    expect(await file.text()).toBe("hello\n".repeat(100_000));

    const { stdout: raw } = await skopeo("inspect", "--raw", ...credentials(""), place(":1.0.0"));
    expect(raw).toBe(manifest);
    const { stdout: tags } = await skopeo("list-tags", ...credentials(""), place(""));
    expect(JSON.parse(tags)).toMatchObject({ Tags: ["1.0.0"] });
    const pulled = path.join(folder, "pulled");
    await skopeo("copy", "--insecure-policy", ...credentials("src-"), place(":1.0.0"), `oci:${pulled}:1.0.0`);
    expect(await readFile(path.join(pulled, "blobs/sha256", hexOf(layer)))).toEqual(Buffer.from(layer));
  });

  test("is told why a task is refused", async () => {
    const bad = path.join(folder, "bad");
    await mkdir(bad);
    await symlink("/etc/passwd", path.join(bad, "link"));
    const layout = path.join(folder, "bad-layout");
    await writeLayout(layout, await packLayer(bad), "2.0.0");
    await expect(push(layout, "2.0.0")).rejects.toThrow(/"link\\?" is a symbolic link/);
    expect((await api("/tasks/hello/2.0.0")).status).toBe(404);
  });

  test("is refused without the key", async () => {
    const args = ["--creds=__token__:nonsense", "--tls-verify=false"];
    await expect(skopeo("inspect", "--raw", ...args, place(":1.0.0"))).rejects.toThrow(/unauthorized|Invalid API key/i);
  });

  test("deletes a version", async () => {
    await skopeo("delete", ...credentials(""), place(":1.0.0"));
    expect((await api("/tasks/hello")).status).toBe(404);
  });
});
