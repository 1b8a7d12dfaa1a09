import type { Login } from "../../client/kafka/link.ts";
import type { ReplacedLog } from "../../client/kafka/replacedLogs.ts";
import type { Kind, State } from "../kind.ts";
import { movedFor } from "../moving.ts";
import { aList, aMap, aText } from "../rules.ts";
import type { Properties } from "../wire.ts";

/**
 * `messaging-extras:kafka:Mirror`: copies the records of topics into others, and gives consumer groups their places there. It is done
 * again whenever an input changes, from where it ended: `seen` says what was seen of the old topic and when. Deleting the resource
 * changes nothing.
 */
export const mirror: Kind = {
  inputs: { access: aMap, topics: aList, groups: aList, seen: aText },
  identity: [],
  secretOutputs: ["access"],
  create: (inputs) => mirrored(inputs),
  update: (_id, inputs) => mirrored(inputs),
  async read(id, { access, topics, groups, seen, ...outputs }) {
    return topics === undefined ? undefined : { id, inputs: { access, topics, groups, seen }, outputs };
  },
  async delete() {},
};

async function mirrored(inputs: Properties): Promise<State> {
  const { access, topics, groups } = inputs as unknown as {
    access: Login;
    topics: ReplacedLog[];
    groups: string[];
  };
  // Loaded here: the plugin's start counts in every preview.
  const { mirrorTopics } = await import("../../client/kafka/mirror.ts");
  const [{ from, to }] = topics as [ReplacedLog];
  const result = await movedFor(`kafka/${from} -> ${to}`, (moving) =>
    mirrorTopics(access, { logs: topics, groups }, moving),
  );
  return { id: from, inputs, outputs: { moved: result.messages, left: result.left } };
}
