import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FolderPlus, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import {
  createProject,
  deleteProject,
  listProjects,
  updateProject,
} from "../../../src/client/generated/operations.gen.ts";
import type { Project } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { TextArea, TextField } from "../../ui/fields.tsx";
import { FormError, problemOf } from "../../ui/form-error.tsx";
import { Form } from "../../ui/form.tsx";
import { Paging } from "../../ui/paging.tsx";
import { ErrorState, LoadingState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { TimeAgo } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import styles from "./administration.module.css";
import { Pane } from "./pane.tsx";

/** Projects of one page; the operation lists them without their number. */
const MOST_PROJECTS = 200;
const PAGE_SIZE = 50;

/** The projects of the workspace. */
export function ProjectsPane() {
  const { yard, org, workspace } = usePlace();
  const queries = useQueryClient();
  const [page, setPage] = useState(1);
  const [edited, setEdited] = useState<Project | "new">();
  const [removed, setRemoved] = useState<Project>();
  const projects = useQuery({
    queryKey: ["projects", org, workspace],
    queryFn: ({ signal }) => listProjects(yard, { query: { limit: MOST_PROJECTS }, signal }),
  });
  const reload = async () => await queries.invalidateQueries({ queryKey: ["projects", org] });
  const remove = async (project: Project) => {
    await deleteProject(yard, { path: { project: project.key } });
    await reload();
    say(`${project.name} is deleted`);
  };
  if (projects.isError) return <ErrorState error={projects.error} retry={() => projects.refetch()} />;
  if (!projects.data) return <LoadingState label="Loading projects" />;
  const columns: Column<Project>[] = [
    {
      name: "Project",
      wide: true,
      cell: ({ key, name }) => <Link href={`/${org}/${workspace}/${key}/runs`}>{name}</Link>,
    },
    { name: "Key", cell: ({ key }) => <code>{key}</code> },
    { name: "Number", align: "end", cell: ({ number }) => number },
    { name: "Description", cell: ({ description }) => description ?? "–" },
    { name: "Created", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
    {
      name: "Actions",
      align: "end",
      cell: (project) => (
        <span className={styles["buttons"]}>
          <IconButton label={`Change ${project.name}`} onClick={() => setEdited(project)}>
            <Pencil aria-hidden="true" />
          </IconButton>
          {!project.is_default && (
            <IconButton label={`Delete ${project.name}`} onClick={() => setRemoved(project)}>
              <Trash2 aria-hidden="true" />
            </IconButton>
          )}
        </span>
      ),
    },
  ];
  return (
    <Pane
      note={`The projects of the workspace ${workspace}: each has its own environments, runs and evaluations.`}
      action={
        <Button look="primary" onClick={() => setEdited("new")}>
          <FolderPlus aria-hidden="true" /> New project
        </Button>
      }
    >
      <Table
        label="Projects"
        columns={columns}
        rows={projects.data.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)}
        keyOf={({ id }) => id}
      />
      <Paging page={page} size={PAGE_SIZE} total={projects.data.length} onPage={setPage} />
      {edited && (
        <ProjectDialog
          project={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onSaved={() => void reload()}
        />
      )}
      {removed && (
        <Confirm
          title={`Delete ${removed.name}?`}
          action="Delete the project"
          typed={removed.key}
          act={() => remove(removed)}
          onClose={() => setRemoved(undefined)}
        >
          The keys that are bound to it stop working. A project that holds anything else is not deleted.
        </Confirm>
      )}
    </Pane>
  );
}

const FIELDS = ["key", "name", "description"];

function ProjectDialog({
  project,
  onClose,
  onSaved,
}: {
  project: Project | undefined;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { yard } = usePlace();
  const [key, setKey] = useState("");
  const [name, setName] = useState(project?.name ?? "");
  const [description, setDescription] = useState(project?.description ?? "");
  const save = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), description: description.trim() === "" ? null : description.trim() };
      return project
        ? updateProject(yard, { path: { project: project.key }, body })
        : createProject(yard, { body: { ...body, key: key.trim() } });
    },
    onSuccess: (saved) => {
      say(project ? `${saved.name} is changed` : `${saved.name} is created`);
      onSaved();
      onClose();
    },
  });
  const title = project ? `Change ${project.name}` : "New project";
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <Form label={title} onSubmit={() => save.mutate()}>
        <TextField
          label="Name"
          value={name}
          error={problemOf(save.error, "name")}
          onChange={({ target }) => setName(target.value)}
        />
        {!project && (
          <TextField
            label="Key"
            value={key}
            autoComplete="off"
            spellCheck={false}
            hint="Its name in paths: letters, digits, dashes. It never changes."
            error={problemOf(save.error, "key")}
            onChange={({ target }) => setKey(target.value)}
          />
        )}
        <TextArea
          label="Description"
          value={description}
          hint="May be empty."
          error={problemOf(save.error, "description")}
          onChange={({ target }) => setDescription(target.value)}
        />
        <FormError error={save.error} fields={FIELDS} />
        <DialogActions>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {project ? "Save" : "Create"}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
