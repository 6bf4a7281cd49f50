import { ChevronDown, ChevronRight, File, Folder } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import { describeBytes, plural } from "../../../ui/numbers.ts";
import type { TreeRow } from "./file-tree.ts";
import styles from "./files.module.css";

const ROW_PIXELS = 28;

interface TreeViewProps {
  label: string;
  rows: readonly TreeRow[];
  open: ReadonlySet<string>;
  /** Path of the file that is looked at. */
  shown: string;
  onToggle: (folder: string, isOpen: boolean) => void;
  onShow: (file: string) => void;
}

/** A tree with the keys of trees: arrows move, right opens, left closes or goes up, Home, End, Enter. Only lines in sight are drawn. */
export function TreeView({ label, rows, open, shown, onToggle, onShow }: TreeViewProps) {
  const id = useId();
  const list = useRef<VirtuosoHandle>(null);
  const [active, setActive] = useState<string>();
  const at = Math.max(
    0,
    rows.findIndex(({ path }) => path === (active ?? shown)),
  );
  const go = (index: number) => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (!row) return;
    setActive(row.path);
    list.current?.scrollIntoView({ index: Math.min(Math.max(index, 0), rows.length - 1) });
  };
  const choose = (row: TreeRow) => {
    setActive(row.path);
    if (row.kind === "folder") onToggle(row.path, !open.has(row.path));
    else onShow(row.path);
  };
  const press = (event: KeyboardEvent) => {
    const row = rows[at];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const isOpen = row.kind === "folder" && open.has(row.path);
    switch (event.key) {
      case "ArrowDown":
        go(at + 1);
        break;
      case "ArrowUp":
        go(at - 1);
        break;
      case "PageDown":
        go(at + 15);
        break;
      case "PageUp":
        go(at - 15);
        break;
      case "Home":
        go(0);
        break;
      case "End":
        go(rows.length - 1);
        break;
      case "ArrowRight":
        if (isOpen) go(at + 1);
        else if (row.kind === "folder") onToggle(row.path, true);
        break;
      case "ArrowLeft":
        if (isOpen) onToggle(row.path, false);
        else go(rows.findLastIndex((above, index) => index < at && above.level < row.level));
        break;
      case "Enter":
      case " ":
        choose(row);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  if (rows.length === 0) return <p className={styles["note"]}>Nothing of this name.</p>;
  return (
    <Virtuoso
      ref={list}
      role="tree"
      aria-label={label}
      aria-activedescendant={`${id}-${at}`}
      tabIndex={0}
      onKeyDown={press}
      className={styles["tree"]}
      style={{ height: Math.min(rows.length * ROW_PIXELS + 2, 560) }}
      totalCount={rows.length}
      fixedItemHeight={ROW_PIXELS}
      increaseViewportBy={300}
      initialTopMostItemIndex={at}
      itemContent={(index) => {
        const row = rows[index];
        if (!row) return null;
        const isOpen = row.kind === "folder" && open.has(row.path);
        return (
          // The keyboard is the tree's.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            id={`${id}-${index}`}
            role="treeitem"
            aria-level={row.level}
            aria-expanded={row.kind === "folder" ? isOpen : undefined}
            aria-selected={row.path === shown}
            data-active={index === at}
            className={styles["row"]}
            style={{ paddingLeft: (row.level - 1) * 16 + 6 }}
            title={row.path}
            onClick={() => choose(row)}
          >
            <Mark kind={row.kind} isOpen={isOpen} />
            <span className={styles["name"]}>{row.name}</span>
            <span className={styles["size"]}>
              {row.kind === "file" ? describeBytes(row.size) : plural(row.size, "file")}
            </span>
          </div>
        );
      }}
    />
  );
}

function Mark({ kind, isOpen }: { kind: TreeRow["kind"]; isOpen: boolean }) {
  if (kind === "file") {
    return (
      <>
        <span className={styles["blank"]} />
        <File aria-hidden="true" />
      </>
    );
  }
  return (
    <>
      {isOpen ? <ChevronDown aria-hidden="true" /> : <ChevronRight aria-hidden="true" />}
      <Folder aria-hidden="true" />
    </>
  );
}
