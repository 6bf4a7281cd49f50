import path from "node:path";
import { defineConfig } from "vite";

/** Where the Worker serves the console's files: `src/console/console-routes.ts`. */
const BASE = "/console/";

export default defineConfig({
  root: import.meta.dirname,
  base: BASE,
  cacheDir: path.join(import.meta.dirname, "..", "node_modules", ".vite-console"),
  build: {
    target: "es2023",
    assetsDir: "assets",
    // A file within a style or a script would need `data:` in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // The languages of the highlighter are data, loaded one by one.
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      onLog: (level, log, handle) => {
        // Libraries mark what must run in a browser for frameworks that render on servers.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  worker: { format: "es" },
});
