import { useState } from "preact/hooks";
import { api } from "../api/api";
import type { Connection, Json } from "../api/types";
import { go, href } from "../router";
import { usePoll } from "../state/poll";
import { range, rangeId } from "../state/settings";
import { Button, Card, Empty, Facts, Head, Loading, Problem, State, Values } from "../ui/bits";
import { FormDialog, Text } from "../ui/form";
import { bytes, count, none, time } from "../ui/format";
import { OctetsChart } from "../ui/statcharts";
import { DataTable } from "../ui/table";
import { say } from "../ui/toast";
import { channelColumns } from "./channels";

export function ConnectionPage({ name }: { name: string }) {
  const { data, error } = usePoll(`connection ${name} ${rangeId.value}`, (signal) => api.connection(name, range(), signal));
  const [closing, setClosing] = useState(false);
  const back = { title: "Connections", href: href("connections") };
  if (data === undefined)
    return (
      <>
        <Head title={name} back={back} />
        {error ? <Problem error={error} /> : <Loading />}
      </>
    );
  return (
    <>
      <Head
        title={data.user_provided_name ?? data.name}
        note={
          <>
            <State value={data.state} /> {data.user_provided_name && data.name}
          </>
        }
        back={back}
      >
        <Button kind="danger" icon="close" onClick={() => setClosing(true)}>
          Close connection
        </Button>
      </Head>
      <Problem error={error} />
      <div class="cards">
        <OctetsChart of={data} />
        <About connection={data} />
        <Card title="Client">
          <Values of={client(data)} />
        </Card>
        <Channels connection={name} />
      </div>
      {closing && <CloseDialog name={name} onClose={() => setClosing(false)} />}
    </>
  );
}

function About({ connection: c }: { connection: Connection }) {
  return (
    <Card title="Details">
      <Facts
        of={[
          ["User", c.user ?? none],
          ["Virtual host", c.vhost ?? none],
          ["Protocol", c.protocol ?? none],
          ["Log-in by", c.auth_mechanism ?? none],
          ["Connected at", time(c.connected_at)],
          ["From", `${c.peer_host ?? none}:${c.peer_port ?? none}`],
          ["To", `${c.host ?? none}:${c.port ?? none}`],
          ["TLS", c.ssl ? `${c.ssl_protocol ?? "yes"} ${c.ssl_cipher ?? ""}` : "no"],
          Boolean(c.peer_cert_subject) && ["Certificate", c.peer_cert_subject],
          ["Heartbeat", c.timeout ? `${c.timeout} s` : "off"],
          ["Largest frame", bytes(c.frame_max)],
          ["Channels", `${count(c.channels)} of ${count(c.channel_max)}`],
          ["Received", bytes(c.recv_oct)],
          ["Sent", bytes(c.send_oct)],
        ]}
      />
    </Card>
  );
}

// Capabilities are one table among the properties: shown as one word each.
function client(c: Connection): Record<string, Json> {
  const { capabilities, ...rest } = c.client_properties ?? {};
  if (capabilities == null || typeof capabilities !== "object" || Array.isArray(capabilities)) return rest;
  return {
    ...rest,
    capabilities: Object.keys(capabilities)
      .filter((k) => capabilities[k] === true)
      .join(", "),
  };
}

function Channels({ connection }: { connection: string }) {
  const { data, error } = usePoll(`channels of ${connection}`, (signal) => api.connectionChannels(connection, signal));
  return (
    <Card wide flush title="Channels">
      <Problem error={error} />
      {data &&
        (data.length === 0 ? (
          <Empty title="No channels" />
        ) : (
          <DataTable label="Channels" rows={data} keyOf={(c) => c.name} columns={channelColumns} />
        ))}
    </Card>
  );
}

function CloseDialog({ name, onClose }: { name: string; onClose: () => void }) {
  return (
    <FormDialog
      title="Close this connection?"
      action="Close connection"
      danger
      onClose={onClose}
      onSend={async (values) => {
        await api.closeConnection(name, values.text("reason"));
        say("The connection is closed.");
        go("connections");
      }}
    >
      <p>
        The client of <strong>{name}</strong> is disconnected. It may connect again.
      </p>
      <Text label="Reason" name="reason" hint="The client is told, and it is logged." placeholder="Closed via management page" />
    </FormDialog>
  );
}
