import { api } from "../api/api";
import { href } from "../router";
import { usePoll } from "../state/poll";
import { range, rangeId } from "../state/settings";
import { Card, Facts, Head, Loading, Problem, State } from "../ui/bits";
import { count, none, timeOf } from "../ui/format";
import { MessageCharts } from "../ui/statcharts";
import { Mode } from "./channels";
import { Consumers } from "./consumers";

export function ChannelPage({ name }: { name: string }) {
  const { data: c, error } = usePoll(`channel ${name} ${rangeId.value}`, (signal) => api.channel(name, range(), signal));
  const back = { title: "Channels", href: href("channels") };
  if (c === undefined)
    return (
      <>
        <Head title={name} back={back} />
        {error ? <Problem error={error} /> : <Loading />}
      </>
    );
  const connection = c.connection_details?.name;
  return (
    <>
      <Head
        title={c.name}
        note={
          <>
            <State value={c.state} />
            {(c.confirm || c.transactional) && <Mode of={c} />}
          </>
        }
        back={back}
      />
      <Problem error={error} />
      <div class="cards">
        <MessageCharts stats={c.message_stats} />
        <Card title="Details">
          <Facts
            of={[
              ["Connection", connection === undefined ? none : <a href={href("connections", connection)}>{connection}</a>],
              ["User", c.user ?? none],
              ["Virtual host", c.vhost ?? none],
              ["Prefetch per consumer", c.prefetch_count ? count(c.prefetch_count) : "no limit"],
              ["Prefetch of the channel", c.global_prefetch_count ? count(c.global_prefetch_count) : "no limit"],
              ["Unacknowledged", count(c.messages_unacknowledged)],
              ["Unconfirmed", count(c.messages_unconfirmed)],
              ["Uncommitted messages", count(c.messages_uncommitted)],
              ["Uncommitted acks", count(c.acks_uncommitted)],
              c.idle_since !== undefined && ["Idle since", timeOf(c.idle_since)],
            ]}
          />
        </Card>
        <Consumers of={c.consumer_details ?? []} showQueue />
      </div>
    </>
  );
}
