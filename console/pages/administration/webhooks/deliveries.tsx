import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eye, RotateCcw } from "lucide-react";
import { useState } from "react";
import {
  getWebhookDelivery,
  listWebhookDeliveries,
  replayWebhookDelivery,
} from "../../../../src/client/generated/operations.gen.ts";
import type { WebhookDelivery } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Bar } from "../../../shell/page.tsx";
import { IconButton } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { FilterSelect } from "../../../ui/fields.tsx";
import { JsonView } from "../../../ui/json.tsx";
import { Paging } from "../../../ui/paging.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../../ui/states.tsx";
import { StatusBadge, type Tone, wordsOf } from "../../../ui/status.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import { complain, say } from "../../../ui/toast.tsx";
import styles from "../administration.module.css";

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;
const STATES = ["pending", "delivered", "undelivered"] as const;
const TONES: Readonly<Record<WebhookDelivery["state"], Tone>> = {
  pending: "busy",
  delivered: "good",
  undelivered: "bad",
};

/** What was sent to a webhook, or is being sent; each can be looked at, and delivered again. */
export function Deliveries({ webhook }: { webhook: string }) {
  const { yard, org } = usePlace();
  const queries = useQueryClient();
  const [page, setPage] = useState(1);
  const [state, setState] = useState<WebhookDelivery["state"]>();
  const [shown, setShown] = useState<string>();
  const deliveries = useQuery({
    queryKey: ["deliveries", org, webhook, page, state],
    queryFn: ({ signal }) =>
      listWebhookDeliveries(yard, {
        path: { webhook_id: webhook },
        query: { page, limit: PAGE_SIZE, ...(state && { state }) },
        signal,
      }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const replay = useMutation({
    mutationFn: (id: string) => replayWebhookDelivery(yard, { path: { webhook_id: webhook, delivery_id: id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["deliveries", org, webhook] });
      say("It is delivered again");
    },
    onError: (error) => complain("It is not delivered again", error),
  });
  const columns: Column<WebhookDelivery>[] = [
    { name: "Event", wide: true, cell: ({ event, replay_of }) => (replay_of === null ? event : `${event} (again)`) },
    { name: "State", cell: ({ state }) => <StatusBadge status={state} tone={TONES[state]} /> },
    { name: "Tries", align: "end", cell: ({ attempts }) => attempts },
    { name: "Last answer", cell: ({ last_status, last_error }) => last_error ?? last_status ?? "–" },
    { name: "Began", align: "end", cell: ({ created_at }) => <TimeAgo time={created_at} /> },
    {
      name: "Actions",
      align: "end",
      cell: ({ id, event, state }) => (
        <span className={styles["buttons"]}>
          <IconButton label={`Look at ${event}`} onClick={() => setShown(id)}>
            <Eye aria-hidden="true" />
          </IconButton>
          {state !== "pending" && (
            <IconButton label={`Deliver ${event} again`} onClick={() => replay.mutate(id)}>
              <RotateCcw aria-hidden="true" />
            </IconButton>
          )}
        </span>
      ),
    },
  ];
  return (
    <div className={styles["pane"]}>
      <Bar>
        <FilterSelect
          label="State"
          value={state ?? ""}
          onChange={({ target }) => {
            setPage(1);
            setState(STATES.find((each) => each === target.value));
          }}
        >
          <option value="">In any state</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {wordsOf(each)}
            </option>
          ))}
        </FilterSelect>
      </Bar>
      {deliveries.isError && <ErrorState error={deliveries.error} retry={() => deliveries.refetch()} />}
      {deliveries.isPending && <LoadingState label="Loading deliveries" />}
      {deliveries.data?.total === 0 && (
        <EmptyState title={state ? "None in this state" : "Nothing has been sent yet"}>
          Deliveries that are over are kept for 30 days.
        </EmptyState>
      )}
      {deliveries.data && deliveries.data.total > 0 && (
        <>
          <Table label="Deliveries" columns={columns} rows={deliveries.data.deliveries} keyOf={({ id }) => id} />
          <Paging page={page} size={PAGE_SIZE} total={deliveries.data.total} onPage={setPage} />
        </>
      )}
      {shown !== undefined && <DeliveryDialog webhook={webhook} delivery={shown} onClose={() => setShown(undefined)} />}
    </div>
  );
}

function DeliveryDialog({ webhook, delivery, onClose }: { webhook: string; delivery: string; onClose: () => void }) {
  const { yard, org } = usePlace();
  const detail = useQuery({
    queryKey: ["delivery", org, webhook, delivery],
    queryFn: ({ signal }) => getWebhookDelivery(yard, { path: { webhook_id: webhook, delivery_id: delivery }, signal }),
  });
  return (
    <Dialog title="What is sent" wide isOpen onClose={onClose}>
      {detail.isError && <ErrorState error={detail.error} retry={() => detail.refetch()} />}
      {detail.isPending && <LoadingState label="Loading the delivery" />}
      {detail.data && <JsonView value={detail.data.payload} />}
    </Dialog>
  );
}
