// What a queue or an exchange is, in badges.
import type { Exchange, Queue } from "../api/types";
import { Badge, show } from "../ui/bits";

export function Features({ of }: { of: Queue | Exchange }) {
  const args = Object.entries(of.arguments);
  const policy = of.policy;
  return (
    <span class="badges">
      {of.durable && <Badge title="Kept over a restart">durable</Badge>}
      {of.auto_delete && <Badge title="Deleted when its last user is gone">auto-delete</Badge>}
      {"exclusive" in of && of.exclusive && <Badge title="Of one connection">exclusive</Badge>}
      {"internal" in of && of.internal && <Badge title="Clients cannot publish to it">internal</Badge>}
      {args.length > 0 && <Badge title={args.map(([name, value]) => `${name}: ${show(value)}`).join("\n")}>args {args.length}</Badge>}
      {policy != null && policy !== "" && (
        <Badge tone="accent" title="The policy that applies">
          {policy}
        </Badge>
      )}
      {"operator_policy" in of && of.operator_policy && (
        <Badge tone="accent" title="The operator policy that applies">
          {of.operator_policy}
        </Badge>
      )}
    </span>
  );
}
