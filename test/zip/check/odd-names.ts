/** Names that an archive may hold, and that file systems, terminals and people stumble over. */

/** Names of files as they are, whatever they look like. */
export const MISLEADING_NAMES: Readonly<Record<string, string>> = {
  "a right-to-left override": "report\u202Etxt.sh",
  "marks of both directions in a folder": "a\u200Fb/\u061Cc\u2066d\u2069",
  "a zero width space": "task\u200B.yaml",
  "spaces at both ends": " a /b ",
  "what a shell takes for its own": "$(touch x)/`id`;&|'\"*?[a]{b}!~",
  "what a program takes for an option": "-rf/--help",
  "255 bytes": "n".repeat(255),
};

/** Names of which a part is longer than file systems take. */
export const LONG_NAMES: Readonly<Record<string, string>> = {
  "300 bytes": "n".repeat(300),
  "a folder of 300 bytes": `d/${"n".repeat(300)}/x`,
  "300 bytes in 150 letters": "\u00e9".repeat(150),
};
