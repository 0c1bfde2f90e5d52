// What a user may do here.
import { Check, Text, type Sent } from "../../ui/form";

const known: [tag: string, doc: string][] = [
  ["administrator", "Everything: users, virtual hosts, policies, all objects"],
  ["monitoring", "See all virtual hosts, connections and nodes"],
  ["policymaker", "Also set policies and parameters of own virtual hosts"],
  ["management", "Use this page for own virtual hosts"],
];

export function TagChoice({ tags }: { tags: string[] }) {
  const others = tags.filter((tag) => !known.some(([name]) => name === tag));
  return (
    <fieldset class="choices">
      <legend>Tags</legend>
      {known.map(([tag, doc]) => (
        <Check key={tag} name="tag" value={tag} label={tag} hint={doc} on={tags.includes(tag)} />
      ))}
      <Text label="Other tags" name="tags" value={others.join(", ")} hint="Separated by commas" />
    </fieldset>
  );
}

/** The tags that were chosen, as the API takes them. */
export function readTags(values: Sent): string {
  const others = values
    .text("tags")
    .split(",")
    .map((tag) => tag.trim());
  return [...values.all("tag"), ...others].filter((tag) => tag !== "").join(",");
}
