import { z } from "zod";

/** One megabyte and one mebibyte, in bytes. */
const MB = 1_000_000;
const MiB = 1024 * 1024;

const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----[\s\w+/=]+-----END PRIVATE KEY-----/g;

const bytes = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const count = bytes;
const seconds = bytes;

/** A JSON object written in a variable, such as `{"dreadnode-sdk": "1.4.0"}`. */
const jsonRecord = z
  .string()
  .default("{}")
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  });

/**
 * Named secrets, newest first, as `name:secret,name:secret`. The first signs and all verify, so that a secret is
 * replaced by putting a new one in front. 32 characters are as strong as SHA-256 needs.
 */
const namedSecrets = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .filter((entry) => entry.trim() !== "")
      .map((entry) => {
        const [kid = "", ...rest] = entry.trim().split(":");
        return { kid, secret: rest.join(":") };
      }),
  )
  .pipe(z.array(z.object({ kid: z.string().regex(/^[\w.-]{1,64}$/), secret: z.string().min(32) })));

/** PKCS #8 PEM blocks, newest first; `\n` stands for a line's end where a setting has one line. */
const privateKeys = z
  .string()
  .default("")
  .transform((text) => text.replaceAll(String.raw`\n`, "\n"))
  .refine((text) => text.replaceAll(PRIVATE_KEY, "").trim() === "")
  .transform((text): string[] => text.match(PRIVATE_KEY) ?? []);

/** A host that requests may be sent to, as `URL` writes its parts. */
export interface OutgoingHost {
  scheme: "http" | "https";
  /** A name or an address; `*.` in front of a domain stands for every name below it. */
  host: string;
  /** Empty for the scheme's own, `*` for any. */
  port: string;
}

const HOST = /^(?:(https?):\/\/)?((?:\*\.)?[a-z\d.-]+|\[[a-f\d:.]+\])(?::(\d{1,5}|\*))?$/i;

/** Undefined when it is no host, or a wildcard over a whole top-level domain. */
function readHost(text: string): OutgoingHost | undefined {
  const [, given, name = "", port = ""] = HOST.exec(text) ?? [];
  const scheme = given?.toLowerCase() === "http" ? "http" : "https";
  const wildcard = name.startsWith("*.") ? "*." : "";
  const url = `${scheme}://${name.slice(wildcard.length)}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  if (wildcard !== "" && !/\.[a-z-]+$/.test(hostname)) return undefined;
  const isStandard = port === (scheme === "https" ? "443" : "80");
  return { scheme, host: wildcard + hostname, port: isStandard ? "" : port };
}

/** Hosts separated by commas, such as `*.modal.run,http://localhost:*`; without a scheme they are https. */
const hostList = z.string().transform((text, context): OutgoingHost[] => {
  const entries = text.split(",").map((entry) => entry.trim());
  const hosts = entries.filter((entry) => entry !== "").map(readHost);
  const known = hosts.filter((host) => host !== undefined);
  if (known.length < hosts.length) context.addIssue({ code: "custom", message: "is no list of hosts" });
  return known;
});

/** Names separated by commas. */
const nameList = z.string().transform((text) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
);

/** `https://host` or `http://host:port`, and nothing behind it. */
const origin = z.url({ protocol: /^https?$/ }).transform((text, context) => {
  const url = new URL(text);
  if (url.href !== `${url.origin}/`) context.addIssue({ code: "custom", message: "is no origin" });
  return url.origin;
});

/**
 * What an operator can set, as vars and secrets in wrangler.toml. docs/configuration.md lists them with their meaning.
 */
const settings = z.object({
  /** Creates the first organization of a new deployment; a secret of at least 24 characters. */
  BOOTSTRAP_SECRET: z.string().min(24).optional(),
  /** Sign links that work without credentials, such as a run's `log_url`; secrets of at least 32 characters. */
  LINK_SIGNING_SECRETS: namedSecrets,
  /** RSA keys of the tokens that agents' servers take; a secret. The first signs, all are published. */
  RUN_TOKEN_PRIVATE_KEY: privateKeys,
  /** Hosts of agents' servers, which commands are sent to. */
  AGENT_HOSTS: hostList.prefault("*.modal.run,*.modal.host"),
  /** How long a command waits for its agent's answer. */
  AGENT_COMMAND_TIMEOUT_SECONDS: seconds(600),
  /** Largest answer of an agent's server. */
  AGENT_ANSWER_MAX_BYTES: bytes(8 * MiB),
  /** How long a runner that is not heard of keeps what it has in hand. */
  RUNNER_LEASE_SECONDS: seconds(45).pipe(z.number().min(3)),
  /** How long a run waits for a runner, and how long it may then take: the tokens of its agent are good for seven hours. */
  RUN_QUEUE_MAX_SECONDS: seconds(3_600),
  RUN_MAX_SECONDS: seconds(6 * 3_600).pipe(z.number().max(7 * 3_600 - 600)),
  /** Encrypt the signing secrets of webhooks where they are stored; secrets of at least 32 characters. */
  WEBHOOK_ENCRYPTION_SECRETS: namedSecrets,
  /** Encrypt the values of secrets where they are stored; secrets of at least 32 characters. */
  SECRET_ENCRYPTION_KEYS: namedSecrets,
  /** Hosts that webhooks may go to beside all public ones over https. */
  WEBHOOK_HOSTS: hostList.prefault(""),
  /** How long a webhook's endpoint has to answer: less than the step of a Workflow that waits for it. */
  WEBHOOK_TIMEOUT_SECONDS: seconds(10).pipe(z.number().max(60)),
  /** Slack's Web API, and the bot token that posts through it (a secret). Without a token nothing is posted. */
  SLACK_BASE_URL: z.url({ protocol: /^https?$/ }).default("https://slack.com/api"),
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  /** Origins that browsers may call from, separated by commas. None by default. */
  CORS_ORIGINS: nameList.prefault(""),
  /** Where this server is reached: absolute links begin with it. Without it they begin as the request's URL does. */
  PUBLIC_ORIGIN: origin.optional(),
  /** Host names that requests may come to, ports left out; none: all that are routed here. */
  ALLOWED_HOSTS: nameList.pipe(z.array(z.string().toLowerCase())).prefault(""),
  /** Lowest client versions served, by User-Agent product: `{"dreadnode-sdk": "1.4.0"}`. */
  MIN_CLIENT_VERSIONS: jsonRecord.pipe(z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+$/))),
  /** One JSON line per request on the console, unless `off`. */
  REQUEST_LOG: z.enum(["on", "off"]).default("on"),
  /** Seconds that a rate-limited client is told to wait: the period of the RATE_LIMIT binding. */
  RATE_LIMIT_PERIOD_SECONDS: seconds(60),
  /** Largest JSON request body. */
  JSON_BODY_MAX_BYTES: bytes(1 * MiB),
  /** Seconds that a request's body may take for its beginning, and bytes a second on average from there on. */
  REQUEST_BODY_GRACE_SECONDS: seconds(30),
  REQUEST_BODY_MIN_BYTES_PER_SECOND: count(16_384),
  /** Largest body of append_log; what is passed to a Durable Object at once stays below 32 MiB. */
  RUN_LOG_BODY_MAX_BYTES: bytes(20 * MB).pipe(z.number().max(30 * MB)),
  /** Largest storage of a run's object, its log and events above all; Cloudflare's own limit is 10 GB. */
  RUN_JOURNAL_MAX_BYTES: bytes(2_000 * MB).pipe(z.number().max(9_000 * MB)),
  /** Days for which the log of a run that has ended is kept; 0 for ever. */
  RUN_LOG_RETENTION_DAYS: z.coerce.number().int().min(0).default(30),
  /** Largest artifact, and largest PDF that a user attaches; R2 takes 5 GB at once. */
  RUN_ARTIFACT_MAX_BYTES: bytes(30 * MiB).pipe(z.number().max(5_000 * MB)),
  RUN_ARTIFACT_PDF_MAX_BYTES: bytes(10 * MiB),
  /** How long a run's artifacts are kept after they came; 0 for as long as they are not deleted by hand. */
  RUN_ARTIFACT_RETENTION_DAYS: z.coerce.number().int().min(0).default(30),
  /** R2's S3 interface to ARTIFACTS, all four or none: links then lead straight there. The last one is a secret. */
  R2_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  R2_S3_BUCKET: z.string().min(1).optional(),
  R2_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  R2_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  /** Largest body of an upload of artifacts: one of 30 MiB in base64 and what is around it. */
  RUN_ARTIFACTS_BODY_MAX_BYTES: bytes(45 * MB),
  /** How long a stream is silent before its readers are told that it is alive, and how long they stay connected. */
  RUN_STREAM_KEEPALIVE_SECONDS: seconds(20),
  EXECUTE_KEEPALIVE_SECONDS: seconds(10),
  RUN_STREAM_ROTATE_SECONDS: seconds(15 * 60),
  /** Readers of one run's stream at the same time. */
  RUN_STREAM_MAX_READERS: count(2_000),
  /** Largest body of an append to a stream; what is passed to a Durable Object at once stays below 32 MiB. */
  STREAM_BODY_MAX_BYTES: bytes(10 * MiB).pipe(z.number().max(30 * MB)),
  /** Largest storage of a stream's object; Cloudflare's own limit is 10 GB. */
  STREAM_MAX_BYTES: bytes(1_000 * MB).pipe(z.number().max(9_000 * MB)),
  /** Streams of one project. */
  STREAMS_PER_PROJECT: count(10_000),
  /** How long a long poll of the Durable Streams protocol waits, and how long its server-sent events stay connected. */
  STREAM_LONG_POLL_SECONDS: seconds(20),
  STREAM_ROTATE_SECONDS: seconds(60),
  /** Largest archive in one request; Cloudflare's own limit is 100 MB on most plans. */
  PUBLISH_MAX_BYTES: bytes(95 * MB),
  /** Largest archive in a multipart upload. */
  UPLOAD_MAX_BYTES: bytes(5_000 * MB),
  /** Size of each part of a multipart upload but the last; R2 takes 5 MiB to 5 GiB and 10,000 parts. */
  UPLOAD_PART_BYTES: z.coerce
    .number()
    .int()
    .min(5 * MiB)
    .default(16 * MiB),
  /** Life of an upload that is not completed, after which it is swept. */
  UPLOAD_TTL_SECONDS: seconds(24 * 3600),
  /** How long the push of a manifest waits for the check of its archive; then 503, and the push may be repeated. */
  OCI_PUSH_WAIT_SECONDS: seconds(240),
  /** Archives of more stored or inflated bytes than this are verified by a Workflow. */
  VERIFY_INLINE_MAX_BYTES: bytes(32 * MiB),
  /** Where an environment's commands run whose creator asks for no provider. */
  SANDBOX_PROVIDER: z.enum(["embedded", "runner", "container"]).default("embedded"),
  /** Life of an environment whose creator asks for none, and the longest that can be asked for. */
  SANDBOX_DEFAULT_SECONDS: seconds(3_600),
  SANDBOX_MAX_SECONDS: seconds(86_400),
  /** Environments of one organization that are alive at the same time. */
  SANDBOX_CAPACITY: count(100),
  /** Commands of one environment that run at the same time. */
  SANDBOX_MAX_COMMANDS: count(8),
  /** Terminals of one environment that are open at the same time, and how long one may be without anybody connected to it. */
  SANDBOX_MAX_TERMINALS: count(8),
  SANDBOX_TERMINAL_IDLE_SECONDS: seconds(1_800),
  /** Output that is kept of one command, for each of its two streams. */
  SANDBOX_OUTPUT_MAX_BYTES: bytes(1 * MiB).pipe(z.number().max(8 * MiB)),
  /** Largest file that is sent into an environment in one request. */
  SANDBOX_FILE_MAX_BYTES: bytes(95 * MB),
  /** Bytes of each part but the last of a larger file; rows of the embedded sandbox have 128 KiB. */
  SANDBOX_PART_BYTES: bytes(16 * MiB).pipe(z.number().multipleOf(MiB / 8)),
  /** Files in an embedded sandbox, and bytes of those that were written there. */
  EMBEDDED_MAX_FILES: count(20_000),
  EMBEDDED_MAX_BYTES: bytes(256 * MiB),
  /** Pause before an item of an evaluation is tried again whose infrastructure failed; each further one is twice as long. */
  EVALUATION_RETRY_SECONDS: seconds(5),
  /** Largest request for an evaluation, whose dataset may have ten thousand rows. */
  EVALUATION_BODY_MAX_BYTES: bytes(8 * MiB),
  /** Items of one evaluation: tasks times attempts. */
  EVALUATION_MAX_ITEMS: count(10_000).pipe(z.number().max(50_000)),
  /** Limits of the archive check (docs/publishing.md). */
  ARCHIVE_MAX_ENTRIES: count(500_000),
  ARCHIVE_MAX_DIRECTORY_BYTES: bytes(64 * MiB),
  ARCHIVE_MAX_TOTAL_BYTES: bytes(20_000 * MB),
  ARCHIVE_MAX_ENTRY_BYTES: bytes(5_000 * MB),
  ARCHIVE_MAX_RATIO: count(50),
  ARCHIVE_RATIO_FLOOR_BYTES: bytes(64 * MiB),
});

const S3_SETTINGS = ["R2_S3_ENDPOINT", "R2_S3_BUCKET", "R2_S3_ACCESS_KEY_ID", "R2_S3_SECRET_ACCESS_KEY"] as const;

const configSchema = settings.superRefine((given, context) => {
  const missing = S3_SETTINGS.filter((name) => given[name] === undefined);
  if (missing.length === S3_SETTINGS.length) return;
  for (const name of missing) context.addIssue({ code: "custom", path: [name], message: "belongs to the others" });
});

export type Config = z.output<typeof configSchema>;

const parsed = new WeakMap<object, Config>();

/**
 * The Worker's configuration, parsed once per isolate. Throws with the names of the settings that are wrong, never
 * with their values: a secret may be among them.
 */
export function readConfig(env: Cloudflare.Env): Config {
  const known = parsed.get(env);
  if (known) return known;
  const result = configSchema.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.code}`).join("; ");
    throw new Error(`Configuration is wrong (see docs/configuration.md): ${problems}`);
  }
  parsed.set(env, result.data);
  return result.data;
}
