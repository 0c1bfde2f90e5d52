// Moving messages to another queue: a shovel that ends when it has moved what was there.
import { api } from "../../api/api";
import { FormDialog, Text } from "../../ui/form";
import { say } from "../../ui/toast";

interface MoveProps {
  vhost: string;
  name: string;
  onClose: () => void;
}

export function MoveDialog({ vhost, name, onClose }: MoveProps) {
  return (
    <FormDialog
      title="Move messages"
      action="Move messages"
      onClose={onClose}
      onSend={async (values) => {
        const to = values.text("to");
        await api.putShovel(vhost, `Move from ${name}`, shovel(vhost, name, to));
        say(`Messages move from ${name} to ${to}.`);
      }}
    >
      <p>
        A shovel moves the messages that wait in <strong>{name}</strong> now, and then ends.
      </p>
      <Text label="To queue" name="to" required focus hint="A queue of the same virtual host. It is made if it is not there." />
    </FormDialog>
  );
}

function shovel(vhost: string, from: string, to: string) {
  // The broker itself, without a network or a password.
  const uri = `amqp:///${encodeURIComponent(vhost)}`;
  return {
    "src-protocol": "amqp091",
    "src-uri": uri,
    "src-queue": from,
    "src-delete-after": "queue-length",
    "dest-protocol": "amqp091",
    "dest-uri": uri,
    "dest-queue": to,
    "dest-add-forward-headers": false,
    "ack-mode": "on-confirm",
    "src-prefetch-count": 1000,
  };
}
