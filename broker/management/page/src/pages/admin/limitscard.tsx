// The limits of a user or of a virtual host.
import { reload } from "../../state/poll";
import { Button, Card, Empty, Problem } from "../../ui/bits";
import { Form, options, Select, Text } from "../../ui/form";
import { count } from "../../ui/format";
import { DataTable } from "../../ui/table";
import { act, say } from "../../ui/toast";

interface LimitsCardProps {
  names: string[];
  values: Record<string, number>;
  error: Error | undefined;
  onSet: (name: string, value: number) => Promise<void>;
  onClear: (name: string) => Promise<void>;
}

/** A negative limit is none. */
const limitText = (value: number): string => (value < 0 ? "no limit" : count(value));

export function LimitsCard({ names, values, error, onSet, onClear }: LimitsCardProps) {
  const rows = Object.entries(values);
  return (
    <Card title="Limits">
      <Problem error={error} />
      {rows.length === 0 ? (
        <Empty title="No limits" />
      ) : (
        <DataTable
          label="Limits"
          rows={rows}
          keyOf={([name]) => name}
          columns={[
            { id: "name", title: "Limit", cell: ([name]) => name },
            { id: "value", title: "At most", numeric: true, cell: ([, value]) => limitText(value) },
            {
              id: "clear",
              title: "",
              cell: ([name]) => (
                <Button
                  kind="quiet"
                  icon="trash"
                  label={`Clear ${name}`}
                  onClick={() => void act("The limit is cleared.", () => onClear(name))}
                />
              ),
            },
          ]}
        />
      )}
      <Form
        action="Set limit"
        onSend={async (sent) => {
          await onSet(sent.text("limit"), sent.number("value"));
          say("The limit is set.");
          reload();
        }}
      >
        <div class="row">
          <Select label="Limit" name="limit" options={options(...names)} />
          <Text label="At most" name="value" type="number" min={-1} required />
        </div>
      </Form>
    </Card>
  );
}
