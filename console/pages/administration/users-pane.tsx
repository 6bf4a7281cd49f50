import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, Trash2, UserPlus } from "lucide-react";
import { useState } from "react";
import { createUser, deleteUser, listUsers, updateUser } from "../../../src/client/generated/operations.gen.ts";
import type { User } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { SelectField, TextField } from "../../ui/fields.tsx";
import { FormError, problemOf } from "../../ui/form-error.tsx";
import { Form } from "../../ui/form.tsx";
import { Paging } from "../../ui/paging.tsx";
import { ErrorState, LoadingState } from "../../ui/states.tsx";
import { wordsOf } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { TimeAgo } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import styles from "./administration.module.css";
import { Pane } from "./pane.tsx";

const PAGE_SIZE = 50;
const ROLES = ["reader", "contributor", "owner"] as const;

/** The users of the organization; `most` is how many it may have. */
export function UsersPane({ most }: { most: number | null | undefined }) {
  const { yard, org, account } = usePlace();
  const queries = useQueryClient();
  const [page, setPage] = useState(1);
  const [edited, setEdited] = useState<User | "new">();
  const [removed, setRemoved] = useState<User>();
  const users = useQuery({
    queryKey: ["users", org, page],
    queryFn: ({ signal }) => listUsers(yard, { query: { page, limit: PAGE_SIZE }, signal }),
    placeholderData: keepPreviousData,
  });
  const reload = async () =>
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["users", org] }),
      queries.invalidateQueries({ queryKey: ["organization", org] }),
    ]);
  const remove = async (user: User) => {
    await deleteUser(yard, { path: { user_id: user.id } });
    await reload();
    say(`${user.username} is removed`);
  };
  if (users.isError) return <ErrorState error={users.error} retry={() => users.refetch()} />;
  if (!users.data) return <LoadingState label="Loading users" />;
  const columns: Column<User>[] = [
    { name: "User", wide: true, cell: ({ username, name }) => (name === null ? username : `${username} (${name})`) },
    { name: "Address", cell: ({ email_address }) => email_address },
    { name: "Role", cell: ({ role }) => wordsOf(role) },
    { name: "Joined", align: "end", cell: ({ joined_at }) => <TimeAgo time={joined_at} /> },
    {
      name: "Actions",
      align: "end",
      cell: (user) => (
        <span className={styles["buttons"]}>
          <IconButton label={`Change ${user.username}`} onClick={() => setEdited(user)}>
            <Pencil aria-hidden="true" />
          </IconButton>
          {user.username !== account.username && (
            <IconButton label={`Remove ${user.username}`} onClick={() => setRemoved(user)}>
              <Trash2 aria-hidden="true" />
            </IconButton>
          )}
        </span>
      ),
    },
  ];
  return (
    <Pane
      note={
        most === null || most === undefined
          ? "Everybody who has keys in this organization."
          : `${users.data.total} of at most ${most} users.`
      }
      action={
        <Button look="primary" onClick={() => setEdited("new")}>
          <UserPlus aria-hidden="true" /> Add a user
        </Button>
      }
    >
      <Table label="Users" columns={columns} rows={users.data.users} keyOf={({ id }) => id} />
      <Paging page={page} size={PAGE_SIZE} total={users.data.total} onPage={setPage} />
      {edited && (
        <UserDialog
          user={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onSaved={() => void reload()}
        />
      )}
      {removed && (
        <Confirm
          title={`Remove ${removed.username}?`}
          action="Remove the user"
          typed={removed.username}
          act={() => remove(removed)}
          onClose={() => setRemoved(undefined)}
        >
          All keys of this user stop working at once, and are gone.
        </Confirm>
      )}
    </Pane>
  );
}

const FIELDS = ["username", "email", "name", "role"];

function UserDialog({ user, onClose, onSaved }: { user: User | undefined; onClose: () => void; onSaved: () => void }) {
  const { yard } = usePlace();
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const [name, setName] = useState(user?.name ?? "");
  const [role, setRole] = useState<User["role"]>(user?.role ?? "reader");
  const save = useMutation({
    mutationFn: () => {
      const body = { name: name.trim() === "" ? null : name.trim(), role };
      return user
        ? updateUser(yard, { path: { user_id: user.id }, body })
        : createUser(yard, { body: { ...body, username: username.trim(), email: email.trim() } });
    },
    onSuccess: (saved) => {
      say(user ? `${saved.username} is changed` : `${saved.username} is added`);
      onSaved();
      onClose();
    },
  });
  const title = user ? `Change ${user.username}` : "Add a user";
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <Form label={title} onSubmit={() => save.mutate()}>
        {!user && (
          <>
            <TextField
              label="Username"
              value={username}
              autoComplete="off"
              spellCheck={false}
              error={problemOf(save.error, "username")}
              onChange={({ target }) => setUsername(target.value)}
            />
            <TextField
              label="Address"
              type="email"
              value={email}
              autoComplete="off"
              error={problemOf(save.error, "email")}
              onChange={({ target }) => setEmail(target.value)}
            />
          </>
        )}
        <TextField
          label="Name"
          value={name}
          hint="May be empty."
          error={problemOf(save.error, "name")}
          onChange={({ target }) => setName(target.value)}
        />
        <SelectField
          label="Role"
          value={role}
          error={problemOf(save.error, "role")}
          onChange={({ target }) => setRole(ROLES.find((each) => each === target.value) ?? "reader")}
        >
          {ROLES.map((each) => (
            <option key={each} value={each}>
              {wordsOf(each)}
            </option>
          ))}
        </SelectField>
        <FormError error={save.error} fields={FIELDS} />
        <DialogActions>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {user ? "Save" : "Add"}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
