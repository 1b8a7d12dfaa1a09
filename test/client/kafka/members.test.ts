import { expect, it } from "vitest";
import { encodeSubscription } from "../../../client/kafka/assignment.ts";
import { refusalOf } from "../../../client/kafka/refusal.ts";
import { membersOf, othersOn } from "../../../client/kafka/state.ts";
import { describeGroupsV5, listGroupsV4, offsetFetchV8 } from "../../../client/kafka/wire.ts";
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

const own = {
  flow: "kafka/t/mail",
  topic: "t",
  groupId: "mail",
  autoOffsetReset: "earliest" as const,
  deadLetterTopic: "t.mail.dlt",
  redriveTopic: "t.mail.retry.10",
};

it("A redrive is refused where all members read the work topic alone, as one answer says", async () => {
  const { cluster } = broker([]);
  let asked = 0;
  const call = async () => {
    asked++;
    return { groups: [{ groupState: "Stable", members: [reads("a", "t")] }] };
  };
  Object.assign(cluster, { coordinator: async () => 1, call });
  expect(await refusalOf(cluster, own, false)).toBe(
    "Kafka: no member of group mail (it has 1) reads t.mail.retry.10, where its dead letters go back to: let them read that topic too, or stop them: what is put there waits for a member that reads it",
  );
  expect(asked).toBe(1);
});

it("The other groups of a topic are those of consumers: what the groups of Connect and of a schema registry say names no topics", async () => {
  const url = Buffer.from("http://10.0.0.5:8083/");
  const connect = Buffer.concat([Buffer.from([0, 0, 0, url.length]), url, Buffer.alloc(8)]);
  const groups = [
    { groupId: "strange", protocolType: "consumer", members: [reads("other", "t")] },
    { groupId: "elsewhere", protocolType: "consumer", members: [reads("other", "u")] },
    { groupId: "known", protocolType: "consumer", members: [reads("messaging-client/1", "t")] },
    { groupId: "workers", protocolType: "connect", members: [{ clientId: "w", memberMetadata: connect }] },
    {
      groupId: "schemas",
      protocolType: "sr",
      members: [{ clientId: "s", memberMetadata: Buffer.from('{"host":"a"}') }],
    },
  ].map((group) => ({ ...group, groupState: "Stable" }));
  const { cluster } = broker([{ sizes: [] }]);
  const answers = new Map<unknown, object>([
    [listGroupsV4.api, { groups }],
    [describeGroupsV5.api, { groups }],
    [offsetFetchV8.api, { groups: [{ topics: [] }] }],
  ]);
  const call = async (_node: number, _for: string, api: unknown) => answers.get(api);
  Object.assign(cluster, { ask: async () => ({ brokers: [{ nodeId: 1 }] }), coordinator: async () => 1, call });
  expect(await othersOn(cluster, own)).toEqual(["strange"]);
});
