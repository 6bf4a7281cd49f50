import { call, type Tenant } from "../../tenant.ts";
import { manifest as taskYaml, sha256 } from "../archives.ts";
import { layerOf } from "./tar.ts";

export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const LAYER_TYPE = "application/vnd.dreadnode.layer.v1.tar+gzip";
export const CONFIG_TYPE = "application/vnd.dreadnode.config.v1+json";

type Bytes = Uint8Array<ArrayBuffer>;

/** Where a task is pushed to: A4's own place, or that of container tools. */
export const API = "/api/v1";
export const V2 = "/v2";

export const digestOf = async (bytes: Bytes) => `sha256:${await sha256(bytes)}`;

/** Who pushes or pulls, as the command line does: with Basic credentials. */
export class OciClient {
  readonly tenant: Tenant;
  readonly key: string;
  readonly prefix: string;

  constructor(tenant: Tenant, { key = tenant.adminKey, prefix = API }: { key?: string; prefix?: string } = {}) {
    this.tenant = tenant;
    this.key = key;
    this.prefix = prefix;
  }

  get base(): string {
    return `${this.prefix}/${this.tenant.org}`;
  }

  get headers(): Record<string, string> {
    return { Authorization: `Basic ${btoa(`__token__:${this.key}`)}` };
  }

  /** Sends a request to a path below the organization, or to one that an answer has named. */
  send(method: string, path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const headers = { ...this.headers, ...Object.fromEntries(new Headers(init.headers)) };
    const { json: _json, ...rest } = init;
    return call(path.startsWith("/") ? path : `${this.base}/${path}`, { ...rest, method, headers });
  }

  /** Starts an upload and gives its place. */
  async start(name = "sample"): Promise<string> {
    const answer = await this.send("POST", `${name}/blobs/uploads/`);
    if (answer.status !== 202) throw new Error(`start: ${answer.status} ${await answer.text()}`);
    return answer.headers.get("location") ?? "";
  }

  /** The steps of A4: ask, start, send it whole. */
  async pushBlob(bytes: Bytes, name = "sample"): Promise<{ digest: string; size: number; sent: boolean }> {
    const digest = await digestOf(bytes);
    const size = bytes.byteLength;
    const there = await this.send("HEAD", this.prefix === API ? `blobs/${digest}` : `${name}/blobs/${digest}`);
    if (there.status === 200) return { digest, size, sent: false };
    const place = await this.start(name);
    const query = place.includes("?") ? "&" : "?";
    const put = await this.send("PUT", `${place}${query}digest=${encodeURIComponent(digest)}`, {
      body: bytes,
      headers: { "Content-Type": "application/octet-stream" },
    });
    if (put.status !== 201) throw new Error(`put: ${put.status} ${await put.text()}`);
    return { digest, size, sent: true };
  }

  putManifest(manifest: unknown, { name = "sample", version = "1.0.0", type = MANIFEST_TYPE } = {}): Promise<Response> {
    const body = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    return this.send("PUT", `${name}/manifests/${version}`, { body, headers: { "Content-Type": type } });
  }

  /** A manifest as the command line writes it, of blobs that it pushes before. */
  async prepare(layer: Bytes, { name = "sample", version = "1.0.0", config = {} } = {}) {
    const [pushed, configured] = [
      await this.pushBlob(layer, name),
      await this.pushBlob(new Uint8Array(new TextEncoder().encode(JSON.stringify(config))), name),
    ];
    return {
      sent: [pushed.sent, configured.sent],
      layer: pushed.digest,
      manifest: {
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        config: { mediaType: CONFIG_TYPE, digest: configured.digest, size: configured.size },
        layers: [{ mediaType: LAYER_TYPE, digest: pushed.digest, size: pushed.size }],
        annotations: {
          "io.dreadnode.type": "environment",
          "io.dreadnode.name": `${this.tenant.org}/${name}`,
          "io.dreadnode.version": version,
        },
      },
    };
  }

  /** All of a push, and the answer to its last step. */
  async push(layer: Bytes, options: { name?: string; version?: string; config?: object } = {}): Promise<Response> {
    const { manifest } = await this.prepare(layer, options);
    return this.putManifest(manifest, options);
  }
}

/** The layer of a good task: its files but a solution, so that who reads the task may pull it. */
export function taskLayer(yaml: Record<string, unknown> = {}, files: Record<string, string | Uint8Array> = {}): Bytes {
  return layerOf({
    "task.yaml": taskYaml({ solution: undefined, ...yaml }),
    "verify.sh": "exit 0\n",
    ...files,
  });
}
