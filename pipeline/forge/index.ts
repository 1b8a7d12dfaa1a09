import type { Collection, Entry, Forge, Text } from "./forge.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";

/** Where this job may write for people; undefined outside of GitHub and GitLab, and without a token. */
export const forgeOf = (env: NodeJS.ProcessEnv): Forge | undefined => github(env) ?? gitlab(env);

/** What a collection has that begins with the marker. */
export async function find({ list }: Collection, marker: string): Promise<Entry | undefined> {
  for (let page = 1; ; page++) {
    const entries = await list(page);
    const found = entries.find(({ body }) => body.startsWith(marker));
    if (found || entries.length < 100) return found;
  }
}

/** Writes over what begins with the marker, so that there is one of it, or adds it. The text must begin with it too. */
export async function upsert(collection: Collection, marker: string, text: Text): Promise<"updated" | "added"> {
  const found = await find(collection, marker);
  if (found === undefined) {
    await collection.add(text);
    return "added";
  }
  await collection.update(found.id, text);
  return "updated";
}
