// The field for the virtual host of a new object: the one of the header, or a choice.
import { api } from "../api/api";
import { usePoll } from "../state/poll";
import { vhost } from "../state/settings";
import { options, Select } from "./form";

export function VhostField() {
  const { data } = usePoll("vhosts", (signal) => api.vhosts(signal), 30);
  if (vhost.value !== undefined) return <input type="hidden" name="vhost" value={vhost.value} />;
  const names = (data ?? [{ name: "/" }]).map((v) => v.name);
  return names.length === 1 ? (
    <input type="hidden" name="vhost" value={names[0]} />
  ) : (
    <Select label="Virtual host" name="vhost" options={options(...names)} value="/" />
  );
}
