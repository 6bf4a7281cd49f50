import type { TemplateName } from "./template-names.ts";

/** A file of a template. */
export interface TemplateFile {
  path: string;
  text: string;
  isProgram?: boolean;
}

const IGNORED: TemplateFile = {
  path: ".taskyardignore",
  text: "# What is not packed, in the syntax of .gitignore.\n*.log\n*.tmp\nnode_modules/\n__pycache__/\n",
};

const WORDS = "The quick brown fox\njumps over the lazy dog\n";

const readme = (name: string, how: string) => `# ${name}

Count the words of a text. ${how}

    taskyard task validate .     # the solution passes, doing nothing does not
    taskyard task publish .
`;

/** A task whose verification is a script of its own. */
const script = (name: string): TemplateFile[] => [
  {
    path: "task.yaml",
    text: `# What the task is. All fields: docs/publishing.md of Taskyard.
name: ${name}
version: 1.0.0
description: Count the words of a text.
# What the agent is told; it works in the folder of these files.
instruction: |
  How many words does \`data/words.txt\` have? Write the number to \`/tmp/answer.txt\`.
tags: [example]
difficulty: easy
source: own
verification:
  method: script
  # Exit code 0: solved. It runs as it was published, whatever becomes of its copy in the environment.
  script: verify.sh
  timeout: 30
solution:
  # What the oracle carries out. Agents do not see it.
  script: solution.sh
`,
  },
  { path: "data/words.txt", text: WORDS },
  {
    path: "verify.sh",
    isProgram: true,
    text: `#!/bin/sh
# Judges the answer: exit code 0 means solved.
if [ ! -f /tmp/answer.txt ]; then
  echo "There is no /tmp/answer.txt."
  exit 1
fi
if [ "$(tr -d '[:space:]' < /tmp/answer.txt)" != 9 ]; then
  echo "That is not the number of words."
  exit 1
fi
echo "Solved."
`,
  },
  {
    path: "solution.sh",
    isProgram: true,
    text: `#!/bin/sh
set -e
wc -w < data/words.txt > /tmp/answer.txt
`,
  },
  { path: "README.md", text: readme(name, "`verify.sh` judges the answer.") },
  IGNORED,
];

/** A task that is solved by finding a text. */
const flag = (name: string): TemplateFile[] => [
  {
    path: "task.yaml",
    text: `# What the task is. All fields: docs/publishing.md of Taskyard.
name: ${name}
version: 1.0.0
description: Count the words of a text.
instruction: |
  How many words does \`data/words.txt\` have? Write the number to \`/tmp/flag.txt\`.
tags: [example]
difficulty: easy
source: own
verification:
  method: flag
  # What is in this file is compared with the hash: printf %s 9 | sha256sum
  path: /tmp/flag.txt
  hash: sha256:19581e27de7ced00ff1ce50b2047e7a567c76b1cbaebabe5ef03f7c3017bb5b7
solution:
  script: wc -w < data/words.txt > /tmp/flag.txt
`,
  },
  { path: "data/words.txt", text: WORDS },
  { path: "README.md", text: readme(name, "The answer is compared with a hash.") },
  IGNORED,
];

/** A task in Harbor's format. */
const harbor = (name: string): TemplateFile[] => [
  {
    path: "task.toml",
    text: `version = "1.0"

[task]
name = "${name}"
description = "Count the words of a text."

[metadata]
difficulty = "easy"
tags = ["example"]

[agent]
timeout_sec = 600

[verifier]
timeout_sec = 60
`,
  },
  {
    path: "instruction.md",
    text: "How many words does `data/words.txt` have? Write the number to `/tmp/answer.txt`.\n",
  },
  { path: "data/words.txt", text: WORDS },
  {
    path: "tests/test.sh",
    isProgram: true,
    text: `#!/bin/bash
# Writes the reward: 1 for the right answer.
if [ "$(tr -d '[:space:]' < /tmp/answer.txt)" = 9 ]; then
  echo 1 > /logs/verifier/reward.txt
else
  echo 0 > /logs/verifier/reward.txt
fi
`,
  },
  {
    path: "solution/solve.sh",
    isProgram: true,
    text: `#!/bin/bash
set -e
wc -w < data/words.txt > /tmp/answer.txt
`,
  },
  { path: "README.md", text: readme(name, "`tests/test.sh` writes the reward.") },
  IGNORED,
];

const TEMPLATES: Readonly<Record<TemplateName, (name: string) => TemplateFile[]>> = { script, flag, harbor };

/** The files of a new task. */
export function templateFiles(template: TemplateName, name: string): TemplateFile[] {
  return TEMPLATES[template](name);
}
