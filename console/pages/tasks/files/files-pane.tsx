import { Download } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { readTaskFile } from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { useFilters } from "../../../shell/use-filters.ts";
import { Button } from "../../../ui/button.tsx";
import { SearchBox } from "../../../ui/fields.tsx";
import { describeCount, plural } from "../../../ui/numbers.ts";
import { Preview } from "../../../ui/preview.tsx";
import { saveFile } from "../../../ui/save-file.ts";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { complain } from "../../../ui/toast.tsx";
import type { VersionPath } from "../registry/task-path.ts";
import styles from "./files.module.css";
import { TreeView } from "./tree-view.tsx";
import { useFileTree } from "./use-file-tree.ts";

/** Files that a search shows. */
const MOST_FOUND = 5_000;
const NO_FOLDERS: ReadonlySet<string> = new Set();

/** The files of a version: a tree beside the file that is looked at. */
export function FilesPane({ path }: { path: VersionPath }) {
  const { yard } = usePlace();
  const { get, change } = useFilters();
  const shown = get("file");
  const { tree, change: generation, total, isComplete, error, retry, loadFolder } = useFileTree(path);
  const [open, setOpen] = useState(() => foldersAbove(shown));
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const rows = useMemo(
    () => (wanted === "" ? tree.rows(open) : tree.find(wanted, MOST_FOUND)),
    // The tree is one object that grows.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [tree, generation, open, wanted],
  );
  if (error !== undefined && total === undefined) return <ErrorState error={error} retry={retry} />;
  if (total === undefined) return <LoadingState label="Loading the files" />;
  if (total === 0) return <EmptyState title="The archive has no files" />;
  const toggle = (folder: string, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.add(folder);
    else next.delete(folder);
    setOpen(next);
    if (isOpen) loadFolder(folder);
  };
  const fetchFile = (file: string, signal?: AbortSignal) => {
    const { version, ...task } = path;
    return readTaskFile(yard, { path: { ...task, path: file }, query: { version }, signal });
  };
  const save = async (file: string) => {
    try {
      saveFile(await (await fetchFile(file)).blob(), file.split("/").at(-1) ?? file);
    } catch (failure) {
      complain(`${file} cannot be downloaded`, failure);
    }
  };
  return (
    <div className={styles["files"]}>
      <div className={styles["side"]}>
        <SearchBox
          label="Find files by a part of their path"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {error !== undefined && (
          <p role="alert" className={styles["note"]}>
            Not all files could be listed. <Button onClick={retry}>Go on</Button>
          </p>
        )}
        <TreeView
          label="Files"
          rows={rows}
          open={wanted === "" ? open : NO_FOLDERS}
          shown={shown}
          onToggle={toggle}
          onShow={(file) => change("file", file)}
        />
        <p className={styles["note"]} aria-live="polite">
          {wanted !== "" && `${plural(rows.length, "file")} found${rows.length === MOST_FOUND ? " at least" : ""}; `}
          {isComplete
            ? plural(total, "file")
            : `${describeCount(tree.count)} of ${plural(total, "file")} listed${error === undefined ? " …" : ""}`}
        </p>
      </div>
      <div className={styles["content"]}>
        {shown === "" ? (
          <EmptyState title="Choose a file">Arrows move in the tree, Enter opens.</EmptyState>
        ) : (
          <>
            <Preview
              key={shown}
              name={shown}
              size={tree.sizeOf(shown)}
              fetchContent={(signal) => fetchFile(shown, signal)}
            />
            <div>
              <Button onClick={() => void save(shown)}>
                <Download aria-hidden="true" /> Download this file
              </Button>
            </div>
          </>
        )}
      </div>
    </div>
  );
}

/** The folders that a file lies in. */
function foldersAbove(file: string): ReadonlySet<string> {
  const names = file.split("/").slice(0, -1);
  return new Set(names.map((_, index) => names.slice(0, index + 1).join("/")));
}
