import type { SchemaPart } from "../../objects/object-schema.ts";

/**
 * The files of an embedded sandbox as inodes and names in SQLite, so that what a command has changed outlives the object.
 * A file that came in the task's archive has its entry there in place of content, until it is written to.
 */
export const TREE_SCHEMA: SchemaPart = {
  name: "embedded_tree",
  steps: [
    `CREATE TABLE embedded_inodes (
       id INTEGER PRIMARY KEY,
       type TEXT NOT NULL,
       mode INTEGER NOT NULL,
       modified INTEGER NOT NULL,
       size INTEGER NOT NULL,
       links INTEGER NOT NULL,
       target TEXT,
       entry TEXT
     )`,
    `CREATE TABLE embedded_names (
       parent INTEGER NOT NULL,
       name TEXT NOT NULL,
       inode INTEGER NOT NULL,
       PRIMARY KEY (parent, name)
     ) WITHOUT ROWID`,
    `CREATE TABLE embedded_chunks (inode INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (inode, seq))`,
    // How many inodes there are, and how many bytes are in files that were written.
    `CREATE TABLE embedded_usage (nodes INTEGER NOT NULL, bytes INTEGER NOT NULL)`,
    `INSERT INTO embedded_usage VALUES (0, 0)`,
    `CREATE TRIGGER embedded_made AFTER INSERT ON embedded_inodes BEGIN
       UPDATE embedded_usage SET nodes = nodes + 1, bytes = bytes + iif(new.entry IS NULL, new.size, 0);
     END`,
    `CREATE TRIGGER embedded_changed AFTER UPDATE ON embedded_inodes BEGIN
       UPDATE embedded_usage
       SET bytes = bytes + iif(new.entry IS NULL, new.size, 0) - iif(old.entry IS NULL, old.size, 0);
     END`,
    `CREATE TRIGGER embedded_gone AFTER DELETE ON embedded_inodes BEGIN
       UPDATE embedded_usage SET nodes = nodes - 1, bytes = bytes - iif(old.entry IS NULL, old.size, 0);
     END`,
    `INSERT INTO embedded_inodes (id, type, mode, modified, size, links) VALUES (1, 'directory', 493, unixepoch() * 1000, 0, 1)`,
    `CREATE INDEX embedded_unnamed ON embedded_inodes (id) WHERE links = 0`,
  ],
};

export type NodeType = "file" | "directory" | "symlink";

/** An inode. `entry`: the file's place in the archive as JSON, where its content is there. */
export interface Node {
  [column: string]: SqlStorageValue;
  id: number;
  type: NodeType;
  mode: number;
  /** Milliseconds since 1970. */
  modified: number;
  size: number;
  links: number;
  target: string | null;
  entry: string | null;
}

/** What a new inode is. */
export type NewNode = Pick<Node, "type" | "mode"> & Partial<Pick<Node, "size" | "target" | "entry" | "modified">>;
