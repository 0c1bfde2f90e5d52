import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { Permission, TopicPermission, User } from "../../api/types";
import { go, href } from "../../router";
import { reload, usePoll } from "../../state/poll";
import { listOf } from "../../state/session";
import { Button, Card, Empty, Head, Loading, Problem } from "../../ui/bits";
import { Check, Form, FormDialog, Text } from "../../ui/form";
import { exchangeName } from "../../ui/format";
import { DataTable } from "../../ui/table";
import { act, destroy, say } from "../../ui/toast";
import { VhostField } from "../../ui/vhostfield";
import { LimitsCard } from "./limitscard";
import { readTags, TagChoice } from "./tags";
import { Tags } from "./users";

export function UserPage({ name }: { name: string }) {
  const { data, error } = usePoll("user", (signal) => api.user(name, signal));
  const [changing, setChanging] = useState(false);
  const back = { title: "Users", href: href("admin", "users") };
  if (data === undefined)
    return (
      <>
        <Head title={name} back={back} />
        {error ? <Problem error={error} /> : <Loading />}
      </>
    );
  return (
    <>
      <Head title={name} note={<Tags of={data} />} back={back}>
        <Button onClick={() => setChanging(true)}>Change</Button>
        <Button kind="danger" icon="trash" onClick={() => void drop(name)}>
          Delete
        </Button>
      </Head>
      <Problem error={error} />
      <div class="cards">
        <Permissions user={name} />
        <TopicPermissions user={name} />
        <UserLimits user={name} />
      </div>
      {changing && <ChangeDialog user={data} onClose={() => setChanging(false)} />}
    </>
  );
}

function Permissions({ user }: { user: string }) {
  const { data, error } = usePoll("permissions", (signal) => api.permissions(user, signal));
  return (
    <>
      <Card wide flush title="Permissions">
        <Problem error={error} />
        {data &&
          (data.length === 0 ? (
            <Empty title="No permissions">Without any, the user can open no virtual host.</Empty>
          ) : (
            <DataTable
              label="Permissions"
              rows={data}
              keyOf={(p) => p.vhost}
              columns={[
                { id: "vhost", title: "Virtual host", cell: (p) => <a href={href("admin", "vhosts", p.vhost)}>{p.vhost}</a> },
                { id: "configure", title: "Configure", cell: (p) => <code>{p.configure}</code> },
                { id: "write", title: "Write", cell: (p) => <code>{p.write}</code> },
                { id: "read", title: "Read", cell: (p) => <code>{p.read}</code> },
                {
                  id: "clear",
                  title: "",
                  cell: (p) => (
                    <Button kind="quiet" icon="trash" label={`Clear the permissions in ${p.vhost}`} onClick={() => void clear(p)} />
                  ),
                },
              ]}
            />
          ))}
      </Card>
      <Card title="Set permissions">
        <Form
          action="Set permissions"
          onSend={async (values) => {
            await api.setPermission({
              user,
              vhost: values.text("vhost"),
              configure: values.text("configure"),
              write: values.text("write"),
              read: values.text("read"),
            });
            say("The permissions are set.");
            reload();
          }}
        >
          <VhostField />
          <Text label="Configure" name="configure" value=".*" hint="A regular expression of names. ^$ is nothing." />
          <Text label="Write" name="write" value=".*" />
          <Text label="Read" name="read" value=".*" />
        </Form>
      </Card>
    </>
  );
}

function TopicPermissions({ user }: { user: string }) {
  const { data, error } = usePoll("topic permissions", (signal) => api.topicPermissions(user, signal));
  return (
    <>
      <Card title="Set topic permissions">
        <Form
          action="Set topic permissions"
          onSend={async (values) => {
            await api.setTopicPermission({
              user,
              vhost: values.text("vhost"),
              exchange: values.text("exchange"),
              write: values.text("write"),
              read: values.text("read"),
            });
            say("The topic permissions are set.");
            reload();
          }}
        >
          <VhostField />
          <Text label="Exchange" name="exchange" value="amq.topic" hint="A topic exchange" required />
          <Text label="Write" name="write" value=".*" hint="A regular expression of routing keys" />
          <Text label="Read" name="read" value=".*" />
        </Form>
      </Card>
      <Card wide flush title="Topic permissions">
        <Problem error={error} />
        {data &&
          (data.length === 0 ? (
            <Empty title="No topic permissions">Routing keys of topic exchanges are not restricted.</Empty>
          ) : (
            <DataTable
              label="Topic permissions"
              rows={data}
              keyOf={(p) => `${p.vhost}\n${p.exchange}`}
              columns={[
                { id: "vhost", title: "Virtual host", cell: (p) => p.vhost },
                { id: "exchange", title: "Exchange", cell: (p) => exchangeName(p.exchange) },
                { id: "write", title: "Write", cell: (p) => <code>{p.write}</code> },
                { id: "read", title: "Read", cell: (p) => <code>{p.read}</code> },
                {
                  id: "clear",
                  title: "",
                  cell: (p) => (
                    <Button
                      kind="quiet"
                      icon="trash"
                      label={`Clear the topic permissions of ${p.exchange} in ${p.vhost}`}
                      onClick={() => void clearTopic(p)}
                    />
                  ),
                },
              ]}
            />
          ))}
      </Card>
    </>
  );
}

function UserLimits({ user }: { user: string }) {
  const { data, error } = usePoll("user limits", (signal) => api.userLimits(signal));
  return (
    <LimitsCard
      names={["max-connections", "max-channels"]}
      error={error}
      values={data?.find((l) => l.user === user)?.value ?? {}}
      onSet={(limit, value) => api.setUserLimit(user, limit, value)}
      onClear={(limit) => api.clearUserLimit(user, limit)}
    />
  );
}

function ChangeDialog({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <FormDialog
      title={`Change ${user.name}`}
      action="Save"
      onClose={onClose}
      onSend={async (values) => {
        const password = values.text("password");
        if (password !== values.text("again")) throw new Error("The two passwords differ.");
        const secret = values.on("none")
          ? { password_hash: "" }
          : password === ""
            ? { password_hash: user.password_hash ?? "" }
            : { password };
        await api.putUser(user.name, { ...secret, tags: readTags(values) });
        say("The user is changed.");
        reload();
      }}
    >
      <div class="row">
        <Text label="New password" name="password" type="password" autocomplete="new-password" hint="Leave it empty to keep the old one." />
        <Text label="New password again" name="again" type="password" autocomplete="new-password" />
      </div>
      <Check label="No password" name="none" hint="The user can no longer log in with one." />
      <TagChoice tags={listOf(user.tags)} />
    </FormDialog>
  );
}

const clear = (p: Permission): Promise<boolean> =>
  destroy({
    title: "Clear these permissions?",
    text: `${p.user} can no longer use the virtual host ${p.vhost}.`,
    action: "Clear permissions",
    done: "The permissions are cleared.",
    call: () => api.clearPermission(p),
  });

const clearTopic = (p: TopicPermission): Promise<boolean> => act("The topic permissions are cleared.", () => api.clearTopicPermission(p));

async function drop(name: string): Promise<void> {
  const gone = await destroy({
    title: "Delete this user?",
    text: `The user ${name} can no longer log in. Open connections are closed.`,
    action: "Delete user",
    done: `The user ${name} is deleted.`,
    call: () => api.deleteUser(name),
  });
  if (gone) go("admin", "users");
}
