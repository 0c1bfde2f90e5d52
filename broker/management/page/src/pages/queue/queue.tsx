import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { Queue } from "../../api/types";
import { go, href } from "../../router";
import { usePoll } from "../../state/poll";
import { can } from "../../state/session";
import { range, rangeId } from "../../state/settings";
import { Button, Card, Facts, Head, Loading, Problem, State, Values } from "../../ui/bits";
import { bytes, count, none, percent, plural, timeOf } from "../../ui/format";
import { Publish } from "../../ui/publish";
import { MessageCharts } from "../../ui/statcharts";
import { destroy } from "../../ui/toast";
import { AddBinding, BindingTable } from "../bindinglist";
import { Consumers } from "../consumers";
import { Features } from "../features";
import { GetMessages } from "./get";
import { MoveDialog } from "./move";

interface QueueProps {
  vhost: string;
  name: string;
}

export function QueuePage({ vhost, name }: QueueProps) {
  const { data: q, error } = usePoll(`queue ${rangeId.value}`, (signal) => api.queue(vhost, name, range(), signal));
  const bindings = usePoll("bindings", (signal) => api.queueBindings(vhost, name, signal));
  const [moving, setMoving] = useState(false);
  const back = { title: "Queues", href: href("queues") };
  if (q === undefined)
    return (
      <>
        <Head title={name} back={back} />
        {error ? <Problem error={error} /> : <Loading />}
      </>
    );
  return (
    <>
      <Head
        title={q.name}
        note={
          <>
            {q.type ?? "classic"} queue in <strong>{vhost}</strong> <State value={q.state} /> <Features of={q} />
          </>
        }
        back={back}
      >
        {can("policymaker") && (
          <Button icon="right" onClick={() => setMoving(true)}>
            Move messages
          </Button>
        )}
        <Button icon="minus" onClick={() => void purge(q)}>
          Purge
        </Button>
        <Button kind="danger" icon="trash" onClick={() => void drop(q)}>
          Delete
        </Button>
      </Head>
      <Problem error={error} />
      <Counts of={q} />
      <div class="cards">
        <MessageCharts lengths={q} stats={q.message_stats} />
        <Details of={q} />
        <Publish vhost={vhost} exchange="" routingKey={name} />
        <GetMessages vhost={vhost} name={name} />
        <Consumers of={q.consumer_details ?? []} />
        <BindingTable title="Bindings" bindings={bindings.data} error={bindings.error} show="source" />
        <AddBinding vhost={vhost} queue={name} />
      </div>
      {moving && <MoveDialog vhost={vhost} name={name} onClose={() => setMoving(false)} />}
    </>
  );
}

function Counts({ of: q }: { of: Queue }) {
  const tiles: [title: string, value: string, size: number | undefined][] = [
    ["Ready", count(q.messages_ready), q.message_bytes_ready],
    ["Unacked", count(q.messages_unacknowledged), q.message_bytes_unacknowledged],
    ["Total", count(q.messages), q.message_bytes],
    ["Consumers", count(q.consumers), undefined],
    ["Memory", bytes(q.memory), undefined],
  ];
  return (
    <ul class="tiles">
      {tiles.map(([title, value, size]) => (
        <li key={title}>
          <span>{title}</span>
          <strong class="number">{value}</strong>
          {size !== undefined && <small>{bytes(size)}</small>}
        </li>
      ))}
    </ul>
  );
}

function Details({ of: q }: { of: Queue }) {
  const capacity = !q.consumers ? undefined : percent(q.consumer_capacity ?? q.consumer_utilisation, 1);
  return (
    <Card title="Details">
      <Facts
        of={[
          ["Durable", q.durable ? "yes" : "no"],
          ["Auto-delete", q.auto_delete ? "yes" : "no"],
          ["Exclusive", q.exclusive ? "yes" : "no"],
          ["Node", q.node ?? none],
          ["Policy", q.policy || none],
          ["Operator policy", q.operator_policy || none],
          ["Effective policy", <Values of={q.effective_policy_definition} />],
          ["Arguments", <Values of={q.arguments} />],
          ["Persistent messages", count(q.messages_persistent)],
          ["Messages in memory", count(q.messages_ram)],
          ["Consumer capacity", capacity === undefined ? none : `${Math.round(capacity)} %`],
          q.single_active_consumer_tag != null && ["Active consumer", q.single_active_consumer_tag],
          q.idle_since !== undefined && ["Idle since", timeOf(q.idle_since)],
        ]}
      />
    </Card>
  );
}

function purge(q: Queue): Promise<boolean> {
  return destroy({
    title: "Purge this queue?",
    text: `${plural(q.messages_ready ?? 0, "message")} of ${q.name} that wait are thrown away. Those that consumers hold stay.`,
    action: "Purge queue",
    done: `The queue ${q.name} is purged.`,
    call: () => api.purgeQueue(q.vhost, q.name),
  });
}

async function drop(q: Queue): Promise<void> {
  const gone = await destroy({
    title: "Delete this queue?",
    text: `The queue ${q.name} goes away with its bindings and ${plural(q.messages ?? 0, "message")}. Its ${plural(q.consumers ?? 0, "consumer")} are cancelled.`,
    action: "Delete queue",
    done: `The queue ${q.name} is deleted.`,
    call: () => api.deleteQueue(q.vhost, q.name),
  });
  if (gone) go("queues");
}
