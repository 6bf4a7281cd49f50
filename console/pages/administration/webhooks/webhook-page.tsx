import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import {
  deleteWebhook,
  getWebhook,
  rotateWebhookSecret,
  updateWebhook,
} from "../../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Facts, Page, Part } from "../../../shell/page.tsx";
import { Button } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { SecretOnce } from "../../../ui/secret-once.tsx";
import { ErrorState, LoadingState } from "../../../ui/states.tsx";
import { TimeAgo } from "../../../ui/time.tsx";
import { complain, say } from "../../../ui/toast.tsx";
import { Deliveries } from "./deliveries.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";
import { WebhookState } from "./webhooks-pane.tsx";

/** One webhook: what it is told of, and what became of each delivery. */
export function WebhookPage() {
  const { webhook: id = "" } = useParams();
  const { yard, org, link } = usePlace();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [asks, setAsks] = useState<"change" | "secret" | "deletion">();
  const [secret, setSecret] = useState<string>();
  const path = { webhook_id: id };
  const webhook = useQuery({
    queryKey: ["webhook", org, id],
    queryFn: ({ signal }) => getWebhook(yard, { path, signal }),
  });
  const reload = async () =>
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["webhook", org, id] }),
      queries.invalidateQueries({ queryKey: ["webhooks", org] }),
    ]);
  const toggle = useMutation({
    mutationFn: (enabled: boolean) => updateWebhook(yard, { path, body: { enabled } }),
    onSuccess: async ({ enabled }) => {
      await reload();
      say(enabled ? "The webhook is on" : "The webhook is off");
    },
    onError: (error) => complain("The webhook stays as it was", error),
  });
  const rotate = async () => {
    setSecret((await rotateWebhookSecret(yard, { path })).secret);
  };
  const remove = async () => {
    await deleteWebhook(yard, { path });
    await queries.invalidateQueries({ queryKey: ["webhooks", org] });
    say("The webhook is deleted");
    navigate(link("administration/webhooks"));
  };
  const above = [
    { name: "Administration", href: link("administration") },
    { name: "Webhooks", href: link("administration/webhooks") },
  ];
  if (!webhook.data) {
    return (
      <Page title="Webhook" above={above}>
        {webhook.isError ? (
          <ErrorState error={webhook.error} retry={() => webhook.refetch()} />
        ) : (
          <LoadingState label="Loading the webhook" />
        )}
      </Page>
    );
  }
  const { url, enabled, events, created_at } = webhook.data;
  return (
    <Page
      title={url}
      above={above}
      badge={<WebhookState isOn={enabled} />}
      actions={
        <>
          <Button busy={toggle.isPending} onClick={() => toggle.mutate(!enabled)}>
            {enabled ? "Switch off" : "Switch on"}
          </Button>
          <Button onClick={() => setAsks("secret")}>New secret</Button>
          <Button onClick={() => setAsks("change")}>
            <Pencil aria-hidden="true" /> Change
          </Button>
          <Button look="danger" onClick={() => setAsks("deletion")}>
            <Trash2 aria-hidden="true" /> Delete
          </Button>
        </>
      }
    >
      <Facts
        facts={[
          ["Told of", events.join(", ")],
          ["Created", <TimeAgo key="time" time={created_at} />],
        ]}
      />
      <Part title="Deliveries">
        <Deliveries webhook={id} />
      </Part>
      {asks === "change" && (
        <WebhookDialog webhook={webhook.data} onClose={() => setAsks(undefined)} onSaved={() => void reload()} />
      )}
      {asks === "secret" && (
        <Confirm title="Make another signing secret?" action="Make it" act={rotate} onClose={() => setAsks(undefined)}>
          It signs everything from now on, also what is under way: the receiver needs it at once.
        </Confirm>
      )}
      {asks === "deletion" && (
        <Confirm title="Delete the webhook?" action="Delete it" act={remove} onClose={() => setAsks(undefined)}>
          What is under way to it is given up.
        </Confirm>
      )}
      {secret !== undefined && (
        <SecretOnce
          title="The new signing secret"
          label="Signing secret"
          secret={secret}
          onClose={() => setSecret(undefined)}
        />
      )}
    </Page>
  );
}
