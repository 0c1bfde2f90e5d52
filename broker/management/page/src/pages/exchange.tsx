import { api } from "../api/api";
import { go, href } from "../router";
import { usePoll } from "../state/poll";
import { range, rangeId } from "../state/settings";
import { Button, Card, Facts, Head, Loading, Problem, Values } from "../ui/bits";
import { exchangeName, none } from "../ui/format";
import type { Named } from "../ui/plots";
import { Publish } from "../ui/publish";
import { MessageCharts } from "../ui/statcharts";
import { destroy } from "../ui/toast";
import { AddBinding, BindingTable } from "./bindinglist";
import { Features } from "./features";

const flow: Named[] = [
  ["publish_in", "In"],
  ["publish_out", "Out"],
];

export function ExchangePage({ vhost, name }: { vhost: string; name: string }) {
  const { data: x, error } = usePoll(`exchange ${rangeId.value}`, (signal) => api.exchange(vhost, name, range(), signal));
  const title = exchangeName(name);
  const back = { title: "Exchanges", href: href("exchanges") };
  if (x === undefined)
    return (
      <>
        <Head title={title} back={back} />
        {error ? <Problem error={error} /> : <Loading />}
      </>
    );

  const given = name === "" || name.startsWith("amq.");
  return (
    <>
      <Head
        title={title}
        note={
          <>
            {x.type} exchange in <strong>{vhost}</strong> <Features of={x} />
          </>
        }
        back={back}
      >
        {!given && (
          <Button kind="danger" icon="trash" onClick={() => void drop(vhost, name)}>
            Delete
          </Button>
        )}
      </Head>
      <Problem error={error} />
      <div class="cards">
        <MessageCharts stats={x.message_stats} named={flow} />
        <Card title="Details">
          <Facts
            of={[
              ["Type", x.type],
              ["Durable", x.durable ? "yes" : "no"],
              ["Auto-delete", x.auto_delete ? "yes" : "no"],
              ["Internal", x.internal ? "yes" : "no"],
              ["Policy", x.policy || none],
              ["Arguments", <Values of={x.arguments} />],
            ]}
          />
        </Card>
        {name === "" ? (
          <Card title="Bindings">
            <p>The default exchange routes to the queue whose name is the routing key. Its bindings come and go with the queues.</p>
          </Card>
        ) : (
          <Bindings vhost={vhost} name={name} />
        )}
        {!x.internal && <Publish vhost={vhost} exchange={name} />}
      </div>
    </>
  );
}

function Bindings({ vhost, name }: { vhost: string; name: string }) {
  const from = usePoll("source", (signal) => api.exchangeBindings(vhost, name, "source", signal));
  const to = usePoll("destination", (signal) => api.exchangeBindings(vhost, name, "destination", signal));
  return (
    <>
      <BindingTable title="From other exchanges" bindings={to.data} error={to.error} show="source" />
      <BindingTable title="To queues and exchanges" bindings={from.data} error={from.error} show="destination" />
      <AddBinding vhost={vhost} source={name} />
    </>
  );
}

async function drop(vhost: string, name: string): Promise<void> {
  const gone = await destroy({
    title: "Delete this exchange?",
    text: `The exchange ${name} and its bindings go away. Publishing to it becomes an error.`,
    action: "Delete exchange",
    done: `The exchange ${name} is deleted.`,
    call: () => api.deleteExchange(vhost, name),
  });
  if (gone) go("exchanges");
}
