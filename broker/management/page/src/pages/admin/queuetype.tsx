import { options, Select } from "../../ui/form";

/** The type of queues whose declaration does not say. */
export function QueueTypeField({ value = "" }: { value?: string }) {
  return (
    <Select
      label="Default queue type"
      name="default_queue_type"
      value={value}
      options={[{ value: "", title: "default of the broker" }, ...options("classic", "quorum", "stream")]}
    />
  );
}
