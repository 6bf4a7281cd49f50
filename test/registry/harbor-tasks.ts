/** Tasks in Harbor's format, as folders of files. */
export type TaskFolder = Record<string, string>;

const toml = (more = "") => `version = "1.0"

[task]
name = "acme/words"
description = "Count words."
keywords = ["text", "counting"]
authors = [{ name = "Ada", email = "ada@example.com" }]

[metadata]
difficulty = "easy"
category = "text"
tags = ["counting", "shell"]

[verifier]
timeout_sec = 120.0

[agent]
timeout_sec = 60
${more}`;

/** Passes with a file that has the number of words; needs no image. */
export const plainTask: TaskFolder = {
  "task.toml": toml(),
  "instruction.md": "Write the number of words of /task/words.txt to /task/answer.\n",
  "words.txt": "one two three\n",
  "tests/test.sh": `. /tests/expected.sh
if [ "$(cat answer 2>/dev/null)" = "$EXPECTED" ]; then echo right; echo 1 > /logs/verifier/reward.txt
else echo wrong; echo 0 > /logs/verifier/reward.txt; fi
exit 7
`,
  "tests/expected.sh": "EXPECTED=3\n",
  "solution/solve.sh": "wc -w < words.txt | tr -d ' ' > answer\n",
};

/** Gives several numbers. */
export const rewardsTask: TaskFolder = {
  ...plainTask,
  "tests/test.sh": `echo '{"reward": 0.5, "speed": 2, "size": 1e3}' > /logs/verifier/reward.json
echo 1 > /logs/verifier/reward.txt
`,
};

/** Its tests ask a server that the agent has to start. */
export const serverTask: TaskFolder = {
  ...plainTask,
  "instruction.md": "Start a server on port 8080 that answers every connection with `pong`.\n",
  "tests/test.sh": `for n in 1 2 3 4 5 6 7 8 9 10; do
  exec 3<>/dev/tcp/127.0.0.1/8080 && break; sleep 0.3
done 2>/dev/null
if [ "$(cat <&3)" = pong ]; then echo 1; else echo 0; fi > /logs/verifier/reward.txt
`,
  "solution/solve.sh": `perl -MIO::Socket::INET -e '
  $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
  while ($c = $s->accept) { print $c "pong\\n"; close $c }' > /dev/null 2>&1 &
`,
};

/** Has an image of its own, which is built from Debian's packages. */
export const imageTask: TaskFolder = {
  ...plainTask,
  "environment/Dockerfile": "FROM debian:bookworm\nRUN apt-get update && apt-get install -y jq\nWORKDIR /app\n",
};

/** Has two services. */
export const composeTask: TaskFolder = {
  ...plainTask,
  "environment/docker-compose.yaml": "services: { main: { image: debian }, other: { image: debian } }\n",
};

/** The task with these lines more in its task.toml. */
export function withSettings(task: TaskFolder, more: string): TaskFolder {
  return { ...task, "task.toml": toml(more) };
}

/** A healthcheck that these values are added to; tries follow each other quickly. */
export function withHealthcheck(task: TaskFolder, values: Record<string, string | number>): TaskFolder {
  const given = { interval_sec: 0.1, start_interval_sec: 0.1, timeout_sec: 20, ...values };
  const lines = Object.entries(given).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  return withSettings(task, `[environment.healthcheck]\n${lines.join("")}`);
}

/** Fails until it is asked for the fourth time, and says which time it is. */
export const FOURTH_TIME = `n=$(cat /tmp/asked 2>/dev/null || echo 0); n=$((n + 1)); echo $n > /tmp/asked; echo "asked $n"; [ $n -ge 4 ]`;
