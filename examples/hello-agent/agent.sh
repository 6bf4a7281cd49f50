#!/usr/bin/env bash
# An agent in a few lines: it reads its task, says what it does, answers one question and leaves a file.
set -eu

echo "My task: $TASKYARD_DESCRIPTION"

# A JSON-RPC notification becomes an event of the run as it is.
echo '{"jsonrpc":"2.0","method":"_posthog/progress","params":{"step":"read","status":"completed","label":"Read the task"}}'

# Commands of people come as lines of JSON-RPC; an answer has the id of its command.
if [ "${ASK:-no}" = yes ]; then
  echo "May I go on?"
  read -r command
  id=$(printf '%s' "$command" | sed -E 's/.*"id":"([^"]+)".*/\1/')
  printf '{"jsonrpc":"2.0","id":"%s","result":{"heard":true}}\n' "$id"
fi

# What lies in the output folder becomes artifacts of the run; output.json its output.
wc -w <<< "$TASKYARD_DESCRIPTION" > "$TASKYARD_OUTPUT_FOLDER/words.txt"
printf '{"greeting":"Hello from %s"}\n' "$(uname -s)" > "$TASKYARD_OUTPUT_FOLDER/output.json"
echo "This line is an error of the log, not of the agent." >&2
echo "Done."
