import { type API, type Connection, Reader, Writer } from "@platformatic/kafka";
import { expect, it, vi } from "vitest";
import { encodeSubscription } from "../../../client/kafka/assignment.ts";
import { refusalOf } from "../../../client/kafka/refusal.ts";
import { membersOf, othersOn } from "../../../client/kafka/state.ts";
import { apiVersionsV3, describeGroupsV5, errorIds, listGroupsV4, offsetFetchV8 } from "../../../client/kafka/wire.ts";
import { broker } from "./fakeBroker.ts";

const reads = (clientId: string, ...topics: string[]) => ({ clientId, memberMetadata: encodeSubscription(topics) });
const silent = { clientId: "joining", memberMetadata: Buffer.alloc(0) };

interface Told {
  state: string;
  members?: { clientId: string; memberMetadata: Buffer }[];
  /** Its state in the list of all groups. */
  listed?: string;
  /** What the broker tells of it as a group of Kafka 4's protocol: an error, or its members. Absent: it does not know the question. */
  told?: number | Kafka4Member[];
}

interface Kafka4Member {
  clientId: string;
  names?: string[];
  pattern?: string;
  given?: string[];
  next?: string[];
}

/** As Kafka 4.1 answers: ConsumerGroupDescribe, version 0. */
function bytesOf(groupId: string, told: number | Kafka4Member[]): Buffer {
  const [errorCode, members] = typeof told === "number" ? [told, []] : [0, told];
  const assignment = (writer: Writer, topics: string[] = []) =>
    writer
      .appendArray(topics, (each, topic) =>
        each
          .appendUUID("b8e7a4f2-54c1-4a7e-9d0c-000000000001")
          .appendString(topic)
          .appendArray([0, 1], (inner, partition) => inner.appendInt32(partition), true, false),
      )
      .appendTaggedFields();
  return Writer.create()
    .appendInt32(0)
    .appendArray([groupId], (writer) =>
      writer
        .appendInt16(errorCode)
        .appendString(null)
        .appendString(groupId)
        .appendString("Stable")
        .appendInt32(3)
        .appendInt32(3)
        .appendString("uniform")
        .appendArray(members, (each, { clientId, names = [], pattern = null, given, next }) => {
          each.appendString("member").appendString(null).appendString("rack").appendInt32(3).appendString(clientId);
          each.appendString("/10.0.0.5").appendArray(names, (inner, name) => inner.appendString(name), true, false);
          assignment(assignment(each.appendString(pattern), given), next);
        })
        .appendInt32(-2147483648),
    )
    .appendTaggedFields().buffer;
}

/** A cluster whose one broker tells this of group `mail`. */
function clusterOf({ state, members = [], listed, told }: Told) {
  const { cluster } = broker([]);
  const groups = [{ groupId: "mail", groupState: state, protocolType: "consumer", members }];
  const keys = told === undefined ? [] : [{ apiKey: 69 }];
  const answers = new Map<unknown, object>([
    [describeGroupsV5.api, { groups }],
    [listGroupsV4.api, { groups: listed ? [{ groupId: "mail", groupState: listed }] : [] }],
    [apiVersionsV3.api, { apiKeys: [{ apiKey: 15 }, ...keys] }],
    [offsetFetchV8.api, { groups: [{ topics: [] }] }],
  ]);
  const send = (...[key, version, , parse, , , done]: Parameters<Connection["send"]>) =>
    done(null, parse(1, key, version, Reader.from(bytesOf("mail", told!))) as never);
  const call = async (_node: number, _for: string, api: API<unknown[], unknown>, ...args: unknown[]) =>
    answers.get(api) ?? api.async({ send } as unknown as Connection, ...args);
  Object.assign(cluster, { coordinator: async () => 1, ask: async () => ({ brokers: [{ nodeId: 1 }] }), call });
  return cluster;
}

const kafka4 = (told?: Told["told"]): Told => ({
  state: "Dead",
  listed: "Stable",
  ...(told !== undefined && { told }),
});

it.each<[string, Told, string[]]>([
  ["that read it", { state: "Stable", members: [reads("a", "t"), reads("b", "other")] }, ["a"]],
  [
    "that share out their partitions and do not say what they read",
    { state: "PreparingRebalance", members: [silent] },
    ["joining"],
  ],
  ["of the protocol of Kafka 4 that name it", kafka4([{ clientId: "a", names: ["o", "t"] }, { clientId: "b" }]), ["a"]],
  [
    "of the protocol of Kafka 4 whose pattern gave it to them, or is about to, and those whose pattern gave nothing yet",
    kafka4([
      { clientId: "a", pattern: "t.*", given: ["t"] },
      { clientId: "b", pattern: "t.*", next: ["t"] },
      { clientId: "c", pattern: "t.*" },
      { clientId: "d", pattern: "o.*", given: ["other"] },
      { clientId: "e", names: ["t"], pattern: "o.*", given: ["other"] },
    ]),
    ["a", "b", "c", "e"],
  ],
  ["of another protocol, of which it is told that there are some", kafka4(69), [""]],
  ["of the protocol of Kafka 4 on a broker that does not tell them", kafka4(), [""]],
  ["of the protocol of Kafka 4, when all have left", { state: "Dead", listed: "Empty" }, []],
  ["of a group that is not there", { state: "Dead" }, []],
])("The members of a group are those %s", async (_, told, expected) => {
  expect((await membersOf(clusterOf(told), "mail", "t")).map(({ clientId }) => clientId)).toEqual(expected);
});

it("The members of a group are asked for again while its coordinator loads them", async () => {
  const failure = membersOf(clusterOf(kafka4(14)), "mail", "t").catch((error) => errorIds(error));
  expect(await failure).toEqual(["COORDINATOR_LOAD_IN_PROGRESS"]);
});

const own = {
  flow: "kafka/t/mail",
  topic: "t",
  groupId: "mail",
  autoOffsetReset: "earliest" as const,
  deadLetterTopic: "t.mail.dlt",
  redriveTopic: "t.mail.retry.10",
};

const unread =
  "Kafka: no member of group mail (it has 1) reads t.mail.retry.10, where its dead letters go back to: let them read that topic too, or stop them: what is put there waits for a member that reads it";

it("A redrive is refused where all members read the work topic alone, as one answer says", async () => {
  const cluster = clusterOf({ state: "Stable", members: [reads("a", "t")] });
  const call = vi.spyOn(cluster, "call");
  expect(await refusalOf(cluster, own, false)).toBe(unread);
  expect(call).toHaveBeenCalledTimes(1);
});

it("A redrive is refused where all members of Kafka 4's protocol read the work topic alone", async () => {
  expect(await refusalOf(clusterOf(kafka4([{ clientId: "a", names: ["t"] }])), own, false)).toBe(unread);
  const both = clusterOf(kafka4([{ clientId: "a", names: ["t", "t.mail.retry.10"] }]));
  expect(await refusalOf(both, own, false)).toBeUndefined();
});

it("The other groups of a topic are those of Kafka 4's protocol too that read it with a client that is not ours", async () => {
  const others = (members: Kafka4Member[]) => othersOn(clusterOf(kafka4(members)), { ...own, groupId: "bill" });
  expect(await others([{ clientId: "other", names: ["t"] }])).toEqual(["mail"]);
  expect(await others([{ clientId: "other", names: ["u"] }])).toEqual([]);
  expect(await others([{ clientId: "messaging-client/1", names: ["t"] }])).toEqual([]);
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

it.each([
  ["one of another client", "Empty", "billing", [""], ["billing"]],
  ["one of this client", "Empty", "billing", [null, "messaging-client"], []],
  ["one of the contract in Python", "Empty", "billing", ["messaging-client\0"], []],
  ["one that consumed nothing here", "Empty", "billing", [], []],
  ["one that notes how far a topic was copied", "Empty", "messaging.replace.old.mail", [""], []],
  ["one of kafka-console-consumer", "Empty", "console-consumer-123", [""], []],
  ["one that is being deleted", "Dead", "billing", [""], []],
])("A group without members counts by what it committed: %s", async (_, groupState, groupId, marks, expected) => {
  const partitions = marks.map((metadata, partitionIndex) => ({ partitionIndex, committedOffset: 1n, metadata }));
  const { cluster } = broker([{ sizes: [] }]);
  const group = { groupId, groupState, protocolType: "consumer", members: [] };
  const answers = new Map<unknown, object>([
    [listGroupsV4.api, { groups: [group] }],
    [describeGroupsV5.api, { groups: [group] }],
    [offsetFetchV8.api, { groups: [{ topics: [{ name: "t", partitions }] }] }],
  ]);
  const call = async (_node: number, _for: string, api: unknown) => answers.get(api);
  Object.assign(cluster, { ask: async () => ({ brokers: [{ nodeId: 1 }] }), coordinator: async () => 1, call });
  expect(await othersOn(cluster, own)).toEqual(expected);
});
