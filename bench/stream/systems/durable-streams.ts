/** Runs the reference server of Durable Streams: `node durable-streams.ts [folder]`; without a folder it keeps all in memory. */

import { DurableStreamTestServer } from "@durable-streams/server";

const dataDir = process.argv[2];
const server = new DurableStreamTestServer({ port: 0, compression: false, ...(dataDir !== undefined && { dataDir }) });
console.log(`ready ${new URL(await server.start()).port}`);
