// Which page is where.
import type { ComponentChildren } from "preact";
import { Empty } from "../ui/bits";
import { exchangeName } from "../ui/format";
import { ChannelPage } from "./channel";
import { Channels } from "./channels";
import { ConnectionPage } from "./connection";
import { Connections } from "./connections";
import { ExchangePage } from "./exchange";
import { Exchanges } from "./exchanges";
import { Overview } from "./overview";
import { QueuePage } from "./queue/queue";
import { Queues } from "./queues";
import { Bindings } from "./bindings";
import { Cluster } from "./admin/cluster";
import { Definitions } from "./admin/definitions";
import { Limits } from "./admin/limits";
import { Policies } from "./admin/policies";
import { Shovels } from "./admin/shovels";
import { UserPage } from "./admin/user";
import { Users } from "./admin/users";
import { VhostPage } from "./admin/vhost";
import { Vhosts } from "./admin/vhosts";

export interface Place {
  title: string;
  page: () => ComponentChildren;
}

export function find(path: string[]): Place {
  const [kind = "", a, b] = path;
  if (kind === "admin") return administration(path.slice(1));
  switch (kind) {
    case "":
    case "overview":
      return { title: "Overview", page: () => <Overview /> };
    case "connections":
      return a === undefined
        ? { title: "Connections", page: () => <Connections /> }
        : { title: a, page: () => <ConnectionPage name={a} /> };
    case "channels":
      return a === undefined ? { title: "Channels", page: () => <Channels /> } : { title: a, page: () => <ChannelPage name={a} /> };
    case "exchanges":
      return a === undefined || b === undefined
        ? { title: "Exchanges", page: () => <Exchanges /> }
        : { title: exchangeName(b), page: () => <ExchangePage vhost={a} name={b} /> };
    case "queues":
      return a === undefined || b === undefined
        ? { title: "Queues", page: () => <Queues /> }
        : { title: b, page: () => <QueuePage vhost={a} name={b} /> };
    case "bindings":
      return { title: "Bindings", page: () => <Bindings /> };
    default:
      return nowhere;
  }
}

function administration([kind, a]: string[]): Place {
  switch (kind) {
    case "users":
      return a === undefined ? { title: "Users", page: () => <Users /> } : { title: a, page: () => <UserPage name={a} /> };
    case "vhosts":
      return a === undefined ? { title: "Virtual hosts", page: () => <Vhosts /> } : { title: a, page: () => <VhostPage name={a} /> };
    case "policies":
      return { title: "Policies", page: () => <Policies /> };
    case "limits":
      return { title: "Limits", page: () => <Limits /> };
    case "shovels":
      return { title: "Shovels", page: () => <Shovels /> };
    case "definitions":
      return { title: "Definitions", page: () => <Definitions /> };
    case "cluster":
      return { title: "Cluster", page: () => <Cluster /> };
    default:
      return nowhere;
  }
}

const nowhere: Place = { title: "Not found", page: () => <Empty title="There is no such page">Choose one from the navigation.</Empty> };
