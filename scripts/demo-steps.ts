import { strToU8, zipSync } from "fflate";
import { z } from "zod";
import { jsonOf, textOf } from "./api-client.ts";
import { agentSteps } from "./demo-agent-steps.ts";
import { evaluationSteps } from "./demo-evaluation-steps.ts";
import { ENVIRONMENT_STEPS } from "./demo-environment-steps.ts";
import { runnerSteps } from "./demo-runner-steps.ts";
import { demand, type DemoStep, formatBytes } from "./demo-session.ts";
import { packExample } from "./example-archive.ts";

const detailSchema = z.object({
  name: z.string(),
  version: z.string(),
  sha256: z.string(),
  difficulty: z.string(),
  tags: z.array(z.string()),
  instruction: z.string(),
  verification: z.object({ method: z.string(), script: z.string() }),
});
const publishedSchema = detailSchema.extend({ warnings: z.array(z.unknown()) });
const errorSchema = z.object({
  type: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ msg: z.string() })).nullish(),
});
const fileListSchema = z.object({
  total_files: z.int(),
  files: z.array(z.object({ filename: z.string(), file_size: z.int(), compress_size: z.int() })),
});
const taskListSchema = z.object({
  tasks: z.array(z.object({ name: z.string(), version: z.string(), description: z.string() })),
});
const keySchema = z.object({ key: z.string() });
const documentSchema = z.object({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) });

/** What the demo shows, in order. */
export const DEMO_STEPS: DemoStep[] = [
  {
    title: "Publish the example task, packed from examples/hello-flag",
    async run(session) {
      const { name, version, bytes } = session.example;
      const answer = await session.send({
        method: "PUT",
        path: versionPath(session.task, version),
        bytes,
        expect: 201,
      });
      const published = publishedSchema.parse(jsonOf(answer));
      session.say(`${name} ${published.version}, sha256 ${published.sha256}`);
      demand(published.warnings.length === 0, `Warnings: ${JSON.stringify(published.warnings)}`);
    },
  },
  {
    title: "Publish the same bytes again: nothing changes",
    async run(session) {
      const { version, bytes } = session.example;
      await session.send({ method: "PUT", path: versionPath(session.task, version), bytes, expect: 200 });
    },
  },
  {
    title: "Publish other bytes under that version: refused, a version never changes",
    async run(session) {
      const { version, bytes } = await packExample({ "NOTES.md": strToU8("An afterthought.\n") });
      const path = versionPath(session.task, version);
      const answer = await session.send({ method: "PUT", path, bytes, expect: 409 });
      session.say(errorSchema.parse(jsonOf(answer)).detail);
    },
  },
  {
    title: "Publish a hostile archive: refused, with every reason",
    async run(session) {
      const path = versionPath(`${session.tasks}/hostile`, "1.0.0");
      const answer = await session.send({ method: "PUT", path, bytes: packHostile(), expect: 422 });
      const { errors } = errorSchema.parse(jsonOf(answer));
      for (const { msg } of errors ?? []) session.say(`- ${msg}`);
    },
  },
  {
    title: "List the organization's tasks",
    async run(session) {
      const answer = await session.send({ method: "GET", path: session.tasks, expect: 200 });
      const { tasks } = taskListSchema.parse(jsonOf(answer));
      for (const { name, version, description } of tasks) session.say(`${name} ${version}: ${description}`);
      demand(tasks.length === 1, "Only the accepted task should be there.");
    },
  },
  {
    title: "List the files in the archive",
    async run(session) {
      const answer = await session.send({ method: "GET", path: `${session.task}/files`, expect: 200 });
      const { files, total_files } = fileListSchema.parse(jsonOf(answer));
      for (const { filename, file_size, compress_size } of files) {
        session.say(
          `${filename.padEnd(16)} ${formatBytes(file_size).padStart(8)}, packed ${formatBytes(compress_size)}`,
        );
      }
      demand(total_files === files.length && files.length > 0, "The list and its total disagree.");
    },
  },
  {
    title: "Read one file out of the archive",
    async run(session) {
      const answer = await session.send({ method: "GET", path: `${session.task}/files/data/hosts.csv`, expect: 200 });
      session.say(textOf(answer));
    },
  },
  {
    title: "Read a part of a file",
    async run(session) {
      const path = `${session.task}/files/data/access.log`;
      const answer = await session.send({ method: "GET", path, headers: { Range: "bytes=0-74" }, expect: 206 });
      session.say(`${textOf(answer)}\n[${answer.headers.get("content-range")}]`);
      demand(answer.body.length === 75, "The answer is not as long as the range asked for.");
    },
  },
  {
    title: "Show the task: what its task.yaml says",
    async run(session) {
      const answer = await session.send({ method: "GET", path: session.task, expect: 200 });
      const { instruction, difficulty, tags, verification } = detailSchema.parse(jsonOf(answer));
      session.say(`${difficulty}; ${tags.join(", ")}; judged by ${verification.script}`);
      session.say(instruction);
    },
  },
  {
    title: "Make a key that may only read, and ask for the solution with it: refused",
    async run(session) {
      const json = { name: "reader", scopes: ["task:read"] };
      const keys = `/api/v1/org/${session.connection.org}/api-keys`;
      const { key } = keySchema.parse(jsonOf(await session.send({ method: "POST", path: keys, json, expect: 201 })));
      const path = `${session.task}/files/solution.sh`;
      const answer = await session.send({ method: "GET", path, key, expect: 403 });
      session.say(errorSchema.parse(jsonOf(answer)).detail);
    },
  },
  ...ENVIRONMENT_STEPS,
  ...agentSteps(),
  ...runnerSteps(),
  ...evaluationSteps(),
  {
    title: "Fetch the OpenAPI document",
    async run(session) {
      const answer = await session.send({ method: "GET", path: "/openapi.json", expect: 200 });
      const { openapi, paths } = documentSchema.parse(jsonOf(answer));
      session.say(`OpenAPI ${openapi}, ${Object.keys(paths).length} paths; the same as a page: /docs`);
    },
  },
];

function versionPath(task: string, version: string): string {
  return `${task}/versions/${version}`;
}

/** An archive with a path that leads outside, a symbolic link, and two names that differ in case only. */
function packHostile(): Uint8Array<ArrayBuffer> {
  const bytes = strToU8("echo here I am\n");
  return zipSync({
    "../outside.sh": bytes,
    "link.txt": [strToU8("/etc/passwd"), { os: 3, attrs: 0o120777 * 0x10000 }],
    "data.csv": bytes,
    "DATA.csv": bytes,
  });
}
