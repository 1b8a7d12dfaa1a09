import { expect, it } from "vitest";
import { encodeSubscription } from "../../../client/kafka/assignment.ts";
import { membersOf } from "../../../client/kafka/state.ts";
import { describeGroupsV5 } from "../../../client/kafka/wire.ts";
import { broker } from "./fakeBroker.ts";

const reads = (clientId: string, ...topics: string[]) => ({ clientId, memberMetadata: encodeSubscription(topics) });
const silent = { clientId: "joining", memberMetadata: Buffer.alloc(0) };

interface Told {
  state: string;
  members?: { clientId: string; memberMetadata: Buffer }[];
  /** Its state in the list of all groups. */
  listed?: string;
}

it.each<[string, Told, string[]]>([
  ["that read it", { state: "Stable", members: [reads("a", "t"), reads("b", "other")] }, ["a"]],
  [
    "that share out their partitions and do not say what they read",
    { state: "PreparingRebalance", members: [silent] },
    ["joining"],
  ],
  ["of the protocol of Kafka 4, of which it is told that there are some", { state: "Dead", listed: "Stable" }, [""]],
  ["of the protocol of Kafka 4, when all have left", { state: "Dead", listed: "Empty" }, []],
  ["of a group that is not there", { state: "Dead" }, []],
])("The members of a group are those %s", async (_, { state, members = [], listed }, expected) => {
  const { cluster } = broker([]);
  cluster.coordinator = async () => 1;
  const answers = new Map<unknown, object>([[describeGroupsV5.api, { groups: [{ groupState: state, members }] }]]);
  const others = { groups: listed ? [{ groupId: "mail", groupState: listed }] : [] };
  Object.assign(cluster, { call: async (_node: number, _for: string, api: unknown) => answers.get(api) ?? others });
  expect((await membersOf(cluster, "mail", "t")).map(({ clientId }) => clientId)).toEqual(expected);
});
