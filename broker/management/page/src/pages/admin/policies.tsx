import { useState } from "preact/hooks";
import { api, type PolicyKind } from "../../api/api";
import type { Policy } from "../../api/types";
import { reload } from "../../state/poll";
import { isAdministrator } from "../../state/session";
import { vhost } from "../../state/settings";
import { Arguments, readArguments } from "../../ui/arguments";
import { Button, Head, Segments, Values } from "../../ui/bits";
import { FormDialog, options, Select, Text } from "../../ui/form";
import { operatorKeys, policyKeys } from "../../ui/known";
import { ListView } from "../../ui/list";
import { cut } from "../../ui/locallist";
import type { Column } from "../../ui/table";
import { destroy, say } from "../../ui/toast";
import { VhostField } from "../../ui/vhostfield";

const kinds: { id: PolicyKind; title: string }[] = [
  { id: "policies", title: "Policies" },
  { id: "operator-policies", title: "Operator policies" },
];

const field = (p: Policy, id: string): string | number => {
  const value = p[id as keyof Policy];
  return typeof value === "object" ? JSON.stringify(value) : value;
};

export function Policies() {
  const v = vhost.value;
  const [kind, setKind] = useState<PolicyKind>("policies");
  const [editing, setEditing] = useState<Policy | "new" | undefined>(undefined);
  const may = kind === "policies" || isAdministrator();
  const columns: Column<Policy>[] = [
    {
      id: "name",
      title: "Name",
      cell: (p) =>
        may ? (
          <button type="button" class="link" onClick={() => setEditing(p)}>
            {p.name}
          </button>
        ) : (
          p.name
        ),
    },
    { id: "vhost", title: "Virtual host", cell: (p) => p.vhost },
    { id: "pattern", title: "Pattern", cell: (p) => <code>{p.pattern}</code> },
    { id: "apply-to", title: "Applies to", cell: (p) => p["apply-to"] },
    { id: "definition", title: "Definition", fixed: true, cell: (p) => <Values of={p.definition} /> },
    { id: "priority", title: "Priority", numeric: true, cell: (p) => p.priority },
    {
      id: "delete",
      title: "",
      fixed: true,
      cell: (p) => may && <Button kind="quiet" icon="trash" label={`Delete ${p.name}`} onClick={() => void drop(kind, p)} />,
    },
  ];
  return (
    <>
      <Head
        title="Policies"
        note="Settings for all queues and exchanges whose names match. Of several, the one with the highest priority counts."
      >
        {may && (
          <Button kind="primary" icon="plus" onClick={() => setEditing("new")}>
            Add {kind === "policies" ? "policy" : "operator policy"}
          </Button>
        )}
      </Head>
      <p>
        <Segments label="Kind" tabs={kinds} current={kind} onPick={(id) => setKind(id as PolicyKind)} />
      </p>
      <ListView
        noun={kind === "policies" ? "policy" : "operator policy"}
        id={`${kind} ${v ?? ""}`}
        columns={columns}
        keyOf={(p) => `${p.vhost}\n${p.name}`}
        load={async (query, signal) => cut(await api.policies(kind, v, signal), query, field)}
        empty={
          kind === "policies" ? "Settings that change without declaring queues anew." : "Bounds that no policy and no client gets past."
        }
      />
      {editing && <PolicyDialog kind={kind} policy={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function PolicyDialog({ kind, policy, onClose }: { kind: PolicyKind; policy: Policy | undefined; onClose: () => void }) {
  const operator = kind === "operator-policies";
  const noun = operator ? "operator policy" : "policy";
  const targets = operator
    ? ["queues", "classic_queues", "quorum_queues", "streams"]
    : ["all", "queues", "exchanges", "classic_queues", "quorum_queues", "streams"];
  return (
    <FormDialog
      title={policy ? `Change the ${noun} ${policy.name}` : `Add ${operator ? "an" : "a"} ${noun}`}
      action="Save"
      wide
      onClose={onClose}
      onSend={async (values) => {
        const definition = readArguments(values, "definition");
        if (Object.keys(definition).length === 0) throw new Error("Add at least one setting to the definition.");
        await api.putPolicy(kind, {
          vhost: policy?.vhost ?? values.text("vhost"),
          name: policy?.name ?? values.text("name"),
          pattern: values.text("pattern"),
          "apply-to": values.text("apply-to"),
          priority: values.number("priority"),
          definition,
        });
        say(`The ${noun} is saved.`);
        reload();
      }}
    >
      {!policy && <VhostField />}
      {!policy && <Text label="Name" name="name" required focus />}
      <Text label="Pattern" name="pattern" value={policy?.pattern ?? ""} required hint="A regular expression of names: ^orders\." />
      <div class="row">
        <Select label="Applies to" name="apply-to" options={options(...targets)} value={policy?.["apply-to"] ?? "queues"} />
        <Text label="Priority" name="priority" type="number" value={String(policy?.priority ?? 0)} />
      </div>
      <Arguments label="Definition" name="definition" known={operator ? operatorKeys : policyKeys} value={policy?.definition ?? {}} />
    </FormDialog>
  );
}

function drop(kind: PolicyKind, p: Policy): Promise<boolean> {
  return destroy({
    title: "Delete this policy?",
    text: `What matches ${p.pattern} in ${p.vhost} no longer has the settings of ${p.name}.`,
    action: "Delete policy",
    done: `The policy ${p.name} is deleted.`,
    call: () => api.deletePolicy(kind, p),
  });
}
