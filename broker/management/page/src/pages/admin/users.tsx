import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { User } from "../../api/types";
import { href } from "../../router";
import { reload } from "../../state/poll";
import { listOf } from "../../state/session";
import { Badge, Button, Head } from "../../ui/bits";
import { FormDialog, Text } from "../../ui/form";
import { ListView } from "../../ui/list";
import { cut } from "../../ui/locallist";
import type { Column } from "../../ui/table";
import { say } from "../../ui/toast";
import { readTags, TagChoice } from "./tags";

const columns: Column<User>[] = [
  { id: "name", title: "Name", cell: (u) => <a href={href("admin", "users", u.name)}>{u.name}</a> },
  { id: "tags", title: "Tags", cell: (u) => <Tags of={u} /> },
  { id: "password", title: "Password", cell: (u) => (u.password_hash ? "set" : <span class="faint">none: cannot log in with one</span>) },
];

export function Tags({ of }: { of: User }) {
  const tags = listOf(of.tags);
  if (tags.length === 0) return <span class="faint">none</span>;
  return (
    <span class="badges">
      {tags.map((tag) => (
        <Badge key={tag} tone={tag === "administrator" ? "accent" : "plain"}>
          {tag}
        </Badge>
      ))}
    </span>
  );
}

const field = (u: User, id: string): string =>
  id === "tags" ? listOf(u.tags).join(",") : id === "password" ? String(Boolean(u.password_hash)) : u.name;

export function Users() {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Head title="Users">
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add user
        </Button>
      </Head>
      <ListView
        noun="user"
        id="users"
        columns={columns}
        keyOf={(u) => u.name}
        empty="Add the first one."
        load={async (query, signal) => cut(await api.users(signal), query, field)}
      />
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      title="Add a user"
      action="Add user"
      onClose={onClose}
      onSend={async (values) => {
        const name = values.text("name");
        const password = values.text("password");
        if (password !== values.text("again")) throw new Error("The two passwords differ.");
        await api.putUser(name, { ...(password === "" ? { password_hash: "" } : { password }), tags: readTags(values) });
        say(`The user ${name} is there. Give permissions next.`);
        reload();
      }}
    >
      <Text label="Name" name="name" required focus autocomplete="off" />
      <div class="row">
        <Text
          label="Password"
          name="password"
          type="password"
          autocomplete="new-password"
          hint="Without one, the user cannot log in with a password."
        />
        <Text label="Password again" name="again" type="password" autocomplete="new-password" />
      </div>
      <TagChoice tags={[]} />
    </FormDialog>
  );
}
