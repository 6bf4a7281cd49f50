import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, Trash2, Upload } from "lucide-react";
import { useRef, useState } from "react";
import {
  listEnvironmentFiles,
  readEnvironmentFile,
  removeEnvironmentFile,
  writeEnvironmentFile,
} from "../../../src/client/generated/operations.gen.ts";
import type { EnvironmentFile } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { describeBytes } from "../../ui/numbers.ts";
import { Preview } from "../../ui/preview.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { EmptyState, ErrorState, LoadingState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { TimeAgo } from "../../ui/time.tsx";
import { complain, say } from "../../ui/toast.tsx";
import styles from "./environment-page.module.css";

const START = "/task";

/** The files of an environment: folder by folder, with preview, download, upload and removal. */
export function Files({ environment, token }: { environment: string; token: string }) {
  const { yard } = usePlace();
  const queries = useQueryClient();
  const [folder, setFolder] = useState(START);
  const [shown, setShown] = useState<EnvironmentFile>();
  const input = useRef<HTMLInputElement>(null);
  const headers = { "X-Environment-Token": token };
  const pathOf = (path: string) => ({ environment_id: environment, path: path.replace(/^\//, "") });
  const queryKey = ["environment-files", environment, folder];
  const list = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      listEnvironmentFiles(yard, {
        path: { environment_id: environment },
        headers,
        query: { path: folder, depth: 1 },
        signal,
      }),
  });
  const refresh = () => queries.invalidateQueries({ queryKey });
  const upload = useMutation({
    mutationFn: (file: File) =>
      writeEnvironmentFile(yard, { path: pathOf(`${folder === "/" ? "" : folder}/${file.name}`), headers, body: file }),
    onSuccess: (_, file) => say(`${file.name} is there`),
    onError: (error, file) => complain(`${file.name} was not uploaded`, error),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: ({ path }: EnvironmentFile) => removeEnvironmentFile(yard, { path: pathOf(path), headers }),
    onSuccess: (_, { path }) => say(`${path} is removed`),
    onError: (error, { path }) => complain(`${path} was not removed`, error),
    onSettled: refresh,
  });
  const fetchFile = ({ path }: EnvironmentFile, signal?: AbortSignal) =>
    readEnvironmentFile(yard, { path: pathOf(path), headers, signal });
  const save = async (file: EnvironmentFile) => {
    try {
      saveFile(await (await fetchFile(file)).blob(), nameOf(file.path));
    } catch (error) {
      complain(`${file.path} cannot be downloaded`, error);
    }
  };
  const enter = (path: string) => {
    setShown(undefined);
    setFolder(path);
  };
  const columns: Column<EnvironmentFile>[] = [
    {
      name: "Name",
      wide: true,
      cell: (file) =>
        file.type === "directory" ? (
          <Button look="quiet" onClick={() => enter(file.path)}>
            {nameOf(file.path)}/
          </Button>
        ) : (
          <Button look="quiet" disabled={file.type !== "file"} onClick={() => setShown(file)}>
            {nameOf(file.path)}
          </Button>
        ),
    },
    { name: "Size", align: "end", cell: ({ type, size }) => (type === "file" ? describeBytes(size) : "–") },
    { name: "Mode", cell: ({ mode }) => <code>{mode}</code> },
    { name: "Changed", align: "end", cell: ({ modified_at }) => <TimeAgo time={modified_at} /> },
    {
      name: "Actions",
      align: "end",
      cell: (file) => (
        <>
          {file.type === "file" && (
            <IconButton label={`Download ${nameOf(file.path)}`} onClick={() => void save(file)}>
              <Download aria-hidden="true" />
            </IconButton>
          )}
          <IconButton label={`Remove ${nameOf(file.path)}`} onClick={() => remove.mutate(file)}>
            <Trash2 aria-hidden="true" />
          </IconButton>
        </>
      ),
    },
  ];
  return (
    <div className={styles["files"]}>
      <div className={styles["path"]}>
        <code>{folder}</code>
        {folder !== "/" && (
          <Button look="quiet" onClick={() => enter(parentOf(folder))}>
            Up
          </Button>
        )}
        <Button busy={upload.isPending} onClick={() => input.current?.click()}>
          <Upload aria-hidden="true" /> Upload
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) upload.mutate(file);
            event.target.value = "";
          }}
        />
      </div>
      {list.isPending && <LoadingState label="Loading files" />}
      {list.isError && <ErrorState error={list.error} retry={() => list.refetch()} />}
      {list.data?.files.length === 0 && <EmptyState title="The folder is empty" />}
      {list.data && list.data.files.length > 0 && (
        <Table label={`Files in ${folder}`} columns={columns} rows={list.data.files} keyOf={({ path }) => path} />
      )}
      {list.data?.has_more && <p className={styles["note"]}>The first {list.data.files.length} are shown.</p>}
      {shown && (
        <Preview
          key={shown.path}
          name={nameOf(shown.path)}
          size={shown.size}
          fetchContent={(signal) => fetchFile(shown, signal)}
        />
      )}
    </div>
  );
}

function nameOf(path: string): string {
  return path.split("/").at(-1) ?? path;
}

function parentOf(path: string): string {
  return path.split("/").slice(0, -1).join("/") || "/";
}
