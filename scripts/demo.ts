/** `npm run demo`: everything that Taskyard does, shown on a server of its own whose state is thrown away. */
import { runCommand } from "./command.ts";
import { DemoSession } from "./demo-session.ts";
import { DEMO_STEPS } from "./demo-steps.ts";
import { packExample } from "./example-archive.ts";
import { createFirstOrganization } from "./first-organization.ts";
import { withThrowAwayServer } from "./throw-away-server.ts";

await runCommand(async (signal) => {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  console.log("Starting a server of the demo's own …");
  await withThrowAwayServer(signal, async (server, state) => {
    const connection = await createFirstOrganization(server, state, signal);
    console.log(
      `   ${server.baseUrl}, ready in ${elapsed()}; organization ${connection.org} made with the bootstrap secret`,
    );
    const session = new DemoSession(connection, await packExample(), signal);
    try {
      for (const [index, step] of DEMO_STEPS.entries()) {
        console.log(`\n${index + 1}. ${step.title}`);
        await step.run(session);
      }
    } finally {
      await session.end();
    }
  });
  console.log(
    `\nAll ${DEMO_STEPS.length} steps worked, in ${elapsed()}. The server and its data are gone; npm run dev keeps them.`,
  );
});
