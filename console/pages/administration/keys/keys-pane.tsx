import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { listApiKeys, revokeApiKey, updateApiKey } from "../../../../src/client/generated/operations.gen.ts";
import type { ApiKey } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Bar } from "../../../shell/page.tsx";
import { Button } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Checkbox } from "../../../ui/fields.tsx";
import { Paging } from "../../../ui/paging.tsx";
import { SecretOnce } from "../../../ui/secret-once.tsx";
import { ErrorState, LoadingState } from "../../../ui/states.tsx";
import { StatusBadge } from "../../../ui/status.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import { complain, say } from "../../../ui/toast.tsx";
import styles from "../administration.module.css";
import { Pane } from "../pane.tsx";
import { NewKeyDialog } from "./new-key-dialog.tsx";

const PAGE_SIZE = 50;

/** The API keys of the organization, newest first. */
export function KeysPane() {
  const { yard, org } = usePlace();
  const queries = useQueryClient();
  const [page, setPage] = useState(1);
  const [withRevoked, setWithRevoked] = useState(false);
  const [isNew, setIsNew] = useState(false);
  const [made, setMade] = useState<{ name: string; key: string }>();
  const [revoked, setRevoked] = useState<ApiKey>();
  const keys = useQuery({
    queryKey: ["api-keys", org, page, withRevoked],
    queryFn: ({ signal }) =>
      listApiKeys(yard, { query: { page, limit: PAGE_SIZE, include_revoked: withRevoked }, signal }),
    placeholderData: keepPreviousData,
  });
  const reload = async () => await queries.invalidateQueries({ queryKey: ["api-keys", org] });
  const toggle = useMutation({
    mutationFn: ({ id, suspended_at }: ApiKey) =>
      updateApiKey(yard, { path: { key_id: id }, body: { active: suspended_at !== null } }),
    onSuccess: async ({ name, suspended_at }) => {
      await reload();
      say(suspended_at === null ? `${name} is on again` : `${name} is off`);
    },
    onError: (error) => complain("The key stays as it was", error),
  });
  const revoke = async (key: ApiKey) => {
    await revokeApiKey(yard, { path: { key_id: key.id } });
    await reload();
    say(`${key.name} is revoked`);
  };
  if (keys.isError) return <ErrorState error={keys.error} retry={() => keys.refetch()} />;
  if (!keys.data) return <LoadingState label="Loading keys" />;
  const columns: Column<ApiKey>[] = [
    {
      name: "Key",
      wide: true,
      cell: ({ name, masked_key }) => (
        <span>
          {name} <code className={styles["masked"]}>{masked_key}</code>
        </span>
      ),
    },
    { name: "State", cell: (key) => <KeyState apiKey={key} /> },
    { name: "Of", cell: ({ username }) => username },
    { name: "May", cell: ({ scopes }) => scopes.join(", ") },
    { name: "Bound", cell: ({ project_id }) => (project_id === null ? "To no project" : "To a project") },
    {
      name: "Used",
      align: "end",
      cell: ({ last_used_at }) => (last_used_at ? <TimeAgo time={last_used_at} /> : "Never"),
    },
    { name: "Ends", align: "end", cell: ({ expires_at }) => describeEnd(expires_at) },
    {
      name: "Actions",
      align: "end",
      cell: (key) =>
        key.revoked_at === null && (
          <span className={styles["buttons"]}>
            <Button
              look="quiet"
              aria-label={`${key.suspended_at === null ? "Switch off" : "Switch on"} ${key.name}`}
              onClick={() => toggle.mutate(key)}
            >
              {key.suspended_at === null ? "Switch off" : "Switch on"}
            </Button>
            <Button look="quiet" aria-label={`Revoke ${key.name}`} onClick={() => setRevoked(key)}>
              Revoke
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Pane
      note="A key acts for one user, within its scopes. Give each program its own, with as little as it needs."
      action={
        <Button look="primary" onClick={() => setIsNew(true)}>
          <KeyRound aria-hidden="true" /> New key
        </Button>
      }
    >
      <Bar>
        <Checkbox
          label="Revoked ones too"
          checked={withRevoked}
          onChange={({ target }) => {
            setPage(1);
            setWithRevoked(target.checked);
          }}
        />
      </Bar>
      <Table label="API keys" columns={columns} rows={keys.data.api_keys} keyOf={({ id }) => id} />
      <Paging page={page} size={PAGE_SIZE} total={keys.data.total} onPage={setPage} />
      {isNew && (
        <NewKeyDialog
          onClose={() => setIsNew(false)}
          onMade={(key) => {
            setIsNew(false);
            setMade(key);
            void reload();
          }}
        />
      )}
      {made && (
        <SecretOnce
          title={`The key ${made.name}`}
          label="API key"
          secret={made.key}
          onClose={() => setMade(undefined)}
        />
      )}
      {revoked && (
        <Confirm
          title={`Revoke ${revoked.name}?`}
          action="Revoke the key"
          act={() => revoke(revoked)}
          onClose={() => setRevoked(undefined)}
        >
          It stops working within five seconds, for good. Keys that were made out of it live on.
        </Confirm>
      )}
    </Pane>
  );
}

function KeyState({ apiKey }: { apiKey: ApiKey }) {
  if (apiKey.revoked_at !== null) return <StatusBadge status="revoked" tone="bad" />;
  if (apiKey.suspended_at !== null) return <StatusBadge status="off" tone="warn" />;
  return <StatusBadge status={apiKey.active ? "active" : "expired"} />;
}

function describeEnd(time: string | null) {
  if (time === null) return "Never";
  return <time dateTime={time}>{time.slice(0, 10)}</time>;
}
