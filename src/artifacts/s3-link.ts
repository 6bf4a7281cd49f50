import { AwsV4Signer } from "aws4fetch";
import type { Config } from "../config.ts";
import { type Disposition, dispositionOf } from "../http/stored-file.ts";

/** Where ARTIFACTS is reached over R2's S3 interface, and as whom. */
export interface S3Access {
  endpoint: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** The access that is configured; undefined without one. */
export function s3AccessOf(config: Config): S3Access | undefined {
  const { R2_S3_ENDPOINT: endpoint, R2_S3_BUCKET: bucket } = config;
  const { R2_S3_ACCESS_KEY_ID: accessKeyId, R2_S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return endpoint && bucket && accessKeyId && secretAccessKey
    ? { endpoint, bucket, accessKeyId, secretAccessKey }
    : undefined;
}

/** What a link leads to, and how a browser is to take it. */
export interface S3Object {
  key: string;
  filename: string;
  contentType: string;
  disposition: Disposition;
}

/** A GET link straight to R2, signed with AWS Signature Version 4 in its query; good for `seconds`. */
export async function presignS3(access: S3Access, object: S3Object, seconds: number): Promise<string> {
  const path = [access.bucket, ...object.key.split("/")].map(encodeURIComponent).join("/");
  const url = new URL(`${access.endpoint.replace(/\/+$/, "")}/${path}`);
  url.searchParams.set("X-Amz-Expires", String(seconds));
  url.searchParams.set("response-content-disposition", dispositionOf(object.filename, object.disposition));
  url.searchParams.set("response-content-type", object.contentType);
  const { accessKeyId, secretAccessKey } = access;
  const rules = { method: "GET", service: "s3", region: "auto", signQuery: true };
  const signed = await new AwsV4Signer({ url: url.href, accessKeyId, secretAccessKey, ...rules }).sign();
  // What is signed has %20 for a space, and S3 reads a plus sign as one.
  return signed.url.href.replaceAll("+", "%20");
}
