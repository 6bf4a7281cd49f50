import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createWebhook, updateWebhook } from "../../../../src/client/generated/operations.gen.ts";
import type { Webhook } from "../../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../../session/place.tsx";
import { Button } from "../../../ui/button.tsx";
import { Dialog, DialogActions } from "../../../ui/dialog.tsx";
import { Checkbox, TextField } from "../../../ui/fields.tsx";
import { FormError, problemOf } from "../../../ui/form-error.tsx";
import { FieldGroup, Form } from "../../../ui/form.tsx";

type Event = Webhook["events"][number];

const EVENTS: readonly (readonly [event: Event, meaning: string])[] = [
  ["evaluation.completed", "An evaluation has ended"],
  ["evaluation.item_completed", "One try of an evaluation has ended"],
  ["flows.tasks.created", "A task is created"],
  ["flows.tasks.step_change", "A task is at another step"],
  ["flows.tasks.completed", "A task is completed"],
  ["flows.tasks.canceled", "A task is cancelled"],
  ["core.document.uploaded", "A document has come"],
  ["core.document.upload_completed", "A document is read"],
  ["core.document.upload_with_issues", "A document is read, with issues"],
];

interface WebhookDialogProps {
  /** The one that is changed; a new one where there is none. */
  webhook?: Webhook;
  onClose: () => void;
  /** Gets the signing secret of a new one. */
  onSaved: (secret: string | undefined) => void;
}

/** Makes a webhook, or changes one. */
export function WebhookDialog({ webhook, onClose, onSaved }: WebhookDialogProps) {
  const { yard } = usePlace();
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [events, setEvents] = useState<ReadonlySet<Event>>(new Set(webhook?.events));
  const save = useMutation({
    mutationFn: async (): Promise<string | undefined> => {
      const body = { url: url.trim(), events: [...events] };
      if (!webhook) return (await createWebhook(yard, { body })).secret;
      await updateWebhook(yard, { path: { webhook_id: webhook.id }, body });
      return undefined;
    },
    onSuccess: (secret) => {
      onClose();
      onSaved(secret);
    },
  });
  const toggle = (event: Event, isChosen: boolean) => {
    const next = new Set(events);
    if (isChosen) next.add(event);
    else next.delete(event);
    setEvents(next);
  };
  const title = webhook ? "Change the webhook" : "New webhook";
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <Form label={title} onSubmit={() => save.mutate()}>
        <TextField
          label="Address"
          type="url"
          value={url}
          placeholder="https://example.com/hooks/taskyard"
          hint="https, to a name on the public internet."
          error={problemOf(save.error, "url")}
          onChange={({ target }) => setUrl(target.value)}
        />
        <FieldGroup name="What it is told of">
          {EVENTS.map(([event, meaning]) => (
            <Checkbox
              key={event}
              label={meaning}
              hint={<code>{event}</code>}
              checked={events.has(event)}
              onChange={({ target }) => toggle(event, target.checked)}
            />
          ))}
        </FieldGroup>
        <FormError error={save.error} fields={["url"]} />
        <DialogActions>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={save.isPending} disabled={events.size === 0 || url.trim() === ""}>
            {webhook ? "Save" : "Create"}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
