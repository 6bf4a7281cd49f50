import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/db/schema.ts",
    "./src/db/agent-schema.ts",
    "./src/db/evaluation-schema.ts",
    "./src/db/oci-schema.ts",
    "./src/db/secret-schema.ts",
    "./src/db/stream-schema.ts",
    "./src/db/task-set-schema.ts",
    "./src/db/webhook-schema.ts",
    "./src/db/workflow-schema.ts",
  ],
  out: "./migrations",
});
