import { api } from "../../api/api";
import type { Json } from "../../api/types";
import { vhost } from "../../state/settings";
import { Button, Card, Head } from "../../ui/bits";
import { confirm } from "../../ui/dialog";
import { Form, type Sent } from "../../ui/form";
import { act, say } from "../../ui/toast";
import { reload } from "../../state/poll";

export function Definitions() {
  const v = vhost.value;
  const what = v === undefined ? "the whole broker" : `the virtual host ${v}`;
  return (
    <>
      <Head
        title="Definitions"
        note={
          <>
            Of <strong>{what}</strong>: choose another in the header
          </>
        }
      />
      <div class="cards">
        <Card title="Download">
          <p>
            Everything that is defined, without messages
            {v === undefined
              ? ": users with the hashes of their passwords, permissions, virtual hosts, policies, parameters, "
              : ": policies, parameters, "}
            exchanges, queues and bindings.
          </p>
          <Button icon="download" kind="primary" onClick={() => void act("The definitions are downloaded.", () => download(v))}>
            Download definitions
          </Button>
        </Card>
        <Card title="Upload">
          <p>A file of this broker or of RabbitMQ. What is there already stays, or is replaced by what has the same name.</p>
          <Form action="Upload definitions" onSend={(values) => upload(v, what, values)}>
            <div class="field">
              <label for="definitions-file">File</label>
              <input id="definitions-file" type="file" name="file" accept=".json,application/json" required />
            </div>
          </Form>
        </Card>
      </div>
    </>
  );
}

async function download(v: string | undefined): Promise<void> {
  const text = JSON.stringify(await api.definitions(v), null, 2);
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `definitions-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  // The browser reads it after the click: it may go with the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

async function upload(v: string | undefined, what: string, values: Sent): Promise<void> {
  const file = values.file("file");
  if (file === undefined) throw new Error("Choose a file.");
  let body: Json;
  try {
    body = JSON.parse(await file.text()) as Json;
  } catch (error) {
    throw new Error(`${file.name} is not valid JSON: ${error instanceof Error ? error.message : ""}`);
  }
  if (
    !(await confirm({
      title: "Upload these definitions?",
      text: (
        <p>
          What is in <strong>{file.name}</strong> is added to {what}.
        </p>
      ),
      action: "Upload",
    }))
  )
    return;
  await api.importDefinitions(v, body);
  say("The definitions are in force.");
  reload();
}
