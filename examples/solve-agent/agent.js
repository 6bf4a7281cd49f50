#!/usr/bin/env node
/**
 * An agent for evaluations that works outside of the environment (docs/evaluations.md): it reads what is asked, executes
 * commands in the environment of its task, and tells what it does as an agent with a model would. It has no model: it knows
 * how to look for messages in the logs of web servers, and nothing else.
 */
const { TASKYARD_ENVIRONMENT_URL: url, TASKYARD_TOKEN, TASKYARD_ENVIRONMENT_TOKEN, TASKYARD_MESSAGE } = process.env;

let calls = 0;

/** Tells of something in the form of the Agent Client Protocol; each line of output becomes an event of the run. */
function tell(update) {
  const params = { sessionId: "solve", update };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", method: "session/update", params })}\n`);
}

const say = (text) => tell({ sessionUpdate: "agent_message", content: { type: "text", text } });

/** Executes a command in the environment, and gives its output. */
async function execute(command) {
  const toolCallId = `call-${++calls}`;
  tell({ sessionUpdate: "tool_call", toolCallId, title: "execute", rawInput: { command } });
  const response = await fetch(`${url}/execute`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${TASKYARD_TOKEN}`,
      "X-Environment-Token": TASKYARD_ENVIRONMENT_TOKEN,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ command }),
  });
  if (!response.ok) throw new Error(`execute answered ${response.status}: ${await response.text()}`);
  const { exit_code: exitCode, output } = await response.json();
  const content = [{ type: "content", content: { type: "text", text: output } }];
  tell({ sessionUpdate: "tool_call_update", toolCallId, status: exitCode === 0 ? "completed" : "failed", content });
  return output;
}

const [, target] = /write the flag to `([^`]+)`/.exec(TASKYARD_MESSAGE ?? "") ?? [];
if (!target) {
  say("I do not know how to do this.");
  process.exit(1);
}
say(`I am to write a flag to ${target}. Let me see who is not known here.`);
const hosts = await execute("cat data/hosts.csv");
const address = hosts
  .split("\n")
  .find((line) => line.endsWith(",unknown"))
  ?.split(",")[0];
say(`It is ${address}. What has it asked for?`);
const requests = await execute(`grep '^${address} ' data/access.log`);
const parts = [...requests.matchAll(/part=(\d+)&data=(\S*) /g)].map(([, part, data]) => [Number(part), data]);
const message = parts
  .sort(([left], [right]) => left - right)
  .map(([, data]) => data)
  .join("");
await execute(`printf %s '${message}' | base64 -d > ${target}`);
say("The flag is written.");
