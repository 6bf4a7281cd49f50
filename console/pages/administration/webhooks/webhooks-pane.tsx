import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { listWebhooks } from "../../../../src/client/generated/operations.gen.ts";
import type { Webhook } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Button } from "../../../ui/button.tsx";
import { plural } from "../../../ui/numbers.ts";
import { Paging } from "../../../ui/paging.tsx";
import { SecretOnce } from "../../../ui/secret-once.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { StatusBadge } from "../../../ui/status.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import { Pane } from "../pane.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";

const PAGE_SIZE = 50;

/** Whom the organization tells of what happens. */
export function WebhooksPane() {
  const { yard, org, link } = usePlace();
  const queries = useQueryClient();
  const [page, setPage] = useState(1);
  const [isNew, setIsNew] = useState(false);
  const [secret, setSecret] = useState<string>();
  const webhooks = useQuery({
    queryKey: ["webhooks", org, page],
    queryFn: ({ signal }) => listWebhooks(yard, { query: { page, limit: PAGE_SIZE }, signal }),
    placeholderData: keepPreviousData,
  });
  if (webhooks.isError) return <ErrorState error={webhooks.error} retry={() => webhooks.refetch()} />;
  if (!webhooks.data) return <LoadingState label="Loading webhooks" />;
  const columns: Column<Webhook>[] = [
    {
      name: "Webhook",
      wide: true,
      cell: ({ id, url }) => <Link href={link(`administration/webhooks/${id}`)}>{url}</Link>,
    },
    { name: "State", cell: ({ enabled }) => <WebhookState isOn={enabled} /> },
    { name: "Told of", cell: ({ events }) => plural(events.length, "event") },
    { name: "Created", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
  ];
  return (
    <Pane
      note="Each is told of events by signed requests, which are repeated until they are taken."
      action={
        <Button look="primary" onClick={() => setIsNew(true)}>
          <Plus aria-hidden="true" /> New webhook
        </Button>
      }
    >
      {webhooks.data.total === 0 ? (
        <EmptyState title="Nobody is told yet">
          A webhook is an address of yours that is told of tasks, documents and evaluations.
        </EmptyState>
      ) : (
        <>
          <Table label="Webhooks" columns={columns} rows={webhooks.data.webhooks} keyOf={({ id }) => id} />
          <Paging page={page} size={PAGE_SIZE} total={webhooks.data.total} onPage={setPage} />
        </>
      )}
      {isNew && (
        <WebhookDialog
          onClose={() => setIsNew(false)}
          onSaved={(made) => {
            setSecret(made);
            void queries.invalidateQueries({ queryKey: ["webhooks", org] });
          }}
        />
      )}
      {secret !== undefined && (
        <SecretOnce
          title="The webhook is made"
          label="Signing secret"
          secret={secret}
          onClose={() => setSecret(undefined)}
        />
      )}
    </Pane>
  );
}

export function WebhookState({ isOn }: { isOn: boolean }) {
  return <StatusBadge status={isOn ? "on" : "off"} tone={isOn ? "good" : "warn"} />;
}
