import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { GlobalParameter, Json } from "../../api/types";
import { reload, usePoll } from "../../state/poll";
import { ranges } from "../../state/settings";
import { Button, Card, Empty, Head, Problem, State, show } from "../../ui/bits";
import { Area, Form, FormDialog, Text } from "../../ui/form";
import { DataTable } from "../../ui/table";
import { act, destroy, say } from "../../ui/toast";

export function Cluster() {
  const { data, error } = usePoll("cluster", (signal) => api.overview(ranges[0] ?? { age: 60, incr: 5 }, signal));
  return (
    <>
      <Head title="Cluster" />
      <Problem error={error} />
      <div class="cards">
        {data && (
          <Card title="Name">
            <Form
              action="Rename"
              onSend={async (values) => {
                await api.setClusterName(values.text("name"));
                say("The cluster has its new name.");
                reload();
              }}
            >
              <Text label="Cluster name" name="name" value={data.cluster_name} required hint="Clients and federation see it." />
            </Form>
          </Card>
        )}
        <GlobalParameters />
        <FeatureFlags />
      </div>
    </>
  );
}

function GlobalParameters() {
  const { data, error } = usePoll("global parameters", (signal) => api.globalParameters(signal));
  const [adding, setAdding] = useState(false);
  return (
    <Card
      flush
      title="Global parameters"
      actions={
        <Button icon="plus" onClick={() => setAdding(true)}>
          Add
        </Button>
      }
    >
      <Problem error={error} />
      {data &&
        (data.length === 0 ? (
          <Empty title="No global parameters" />
        ) : (
          <DataTable
            label="Global parameters"
            rows={data}
            keyOf={(p) => p.name}
            columns={[
              { id: "name", title: "Name", cell: (p) => p.name },
              { id: "value", title: "Value", cell: (p) => <code>{show(p.value)}</code> },
              {
                id: "delete",
                title: "",
                cell: (p) => <Button kind="quiet" icon="trash" label={`Delete ${p.name}`} onClick={() => void drop(p)} />,
              },
            ]}
          />
        ))}
      {adding && (
        <FormDialog
          title="Add a global parameter"
          action="Save"
          onClose={() => setAdding(false)}
          onSend={async (values) => {
            await api.setGlobalParameter(values.text("name"), parse(values.text("value")));
            say("The parameter is set.");
            reload();
          }}
        >
          <Text label="Name" name="name" required focus />
          <Area label="Value" name="value" rows={3} hint='JSON: "text", 12, {"a": true}' />
        </FormDialog>
      )}
    </Card>
  );
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Error("The value is not valid JSON. A text stands in quotes.");
  }
}

function drop(p: GlobalParameter): Promise<boolean> {
  return destroy({
    title: "Delete this parameter?",
    text: `The global parameter ${p.name} goes away.`,
    action: "Delete parameter",
    done: `${p.name} is deleted.`,
    call: () => api.deleteGlobalParameter(p.name),
  });
}

function FeatureFlags() {
  const { data, error } = usePoll("feature flags", (signal) => api.featureFlags(signal));
  return (
    <Card wide flush title="Feature flags">
      <Problem error={error} />
      {data &&
        (data.length === 0 ? (
          <Empty title="No feature flags" />
        ) : (
          <DataTable
            label="Feature flags"
            rows={data}
            keyOf={(f) => f.name}
            columns={[
              { id: "name", title: "Name", cell: (f) => <code>{f.name}</code> },
              { id: "desc", title: "What it does", cell: (f) => f.desc ?? "" },
              { id: "stability", title: "Stability", cell: (f) => f.stability ?? "" },
              { id: "state", title: "State", cell: (f) => <State value={f.state} /> },
              {
                id: "enable",
                title: "",
                cell: (f) =>
                  f.state === "disabled" && (
                    <Button
                      label={`Enable ${f.name}`}
                      onClick={() => void act(`${f.name} is enabled.`, () => api.enableFeatureFlag(f.name))}
                    >
                      Enable
                    </Button>
                  ),
              },
            ]}
          />
        ))}
    </Card>
  );
}
