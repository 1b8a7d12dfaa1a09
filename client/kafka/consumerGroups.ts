import { createAPI, type Reader, Writer } from "@platformatic/kafka";
import type { Cluster } from "./cluster.ts";
import { apiVersionsV3, isPassing, refusedWith } from "./wire.ts";

/** A member of a group, as far as its coordinator tells. */
export interface Member {
  clientId: string;
  /** What it reads. Absent: it does not tell. */
  topics?: readonly string[];
}

/**
 * The members of those groups that are of Kafka 4's protocol (`group.protocol=consumer`), as the node that coordinates them tells; none of
 * those that it does not tell of.
 */
export async function consumerGroups(cluster: Cluster, node: number, names: readonly string[]) {
  const found = new Map<string, Member[]>();
  if (names.length === 0) return found;
  // A broker ends the connection on a question that it does not know.
  const { apiKeys } = await cluster.call(node, "offsets", apiVersionsV3.api, "messaging", "1");
  const { api } = consumerGroupDescribeV0;
  if (!apiKeys.some(({ apiKey }) => apiKey === api.key)) return found;
  for (const { errorCode, groupId, members } of await cluster.call(node, "offsets", api, names)) {
    if (errorCode === 0) found.set(groupId, members);
    else if (isPassing(refusedWith(errorCode))) throw refusedWith(errorCode);
  }
  return found;
}

/** ConsumerGroupDescribe, version 0, in Kafka since 3.7. The library's own takes the list of a member's topics for one text, and fails. */
const consumerGroupDescribeV0 = {
  api: createAPI<[groupIds: readonly string[]], ConsumerGroup[]>(69, 0, createRequest, parseResponse),
};

/** What a coordinator tells of a group, or why it does not. */
interface ConsumerGroup {
  errorCode: number;
  groupId: string;
  members: Member[];
}

function createRequest(groupIds: readonly string[]): Writer {
  return Writer.create()
    .appendArray([...groupIds], (writer, groupId) => writer.appendString(groupId), true, false)
    .appendBoolean(false)
    .appendTaggedFields();
}

function parseResponse(_correlation: number, _key: number, _version: number, reader: Reader): ConsumerGroup[] {
  reader.readInt32(); // throttle time
  return reader.readArray((group) => {
    const errorCode = group.readInt16();
    group.readNullableString(); // error message
    const groupId = group.readString();
    group.readString(); // state
    group.readInt32(); // epoch
    group.readInt32(); // epoch of the assignment
    group.readString(); // assignor
    const members = group.readArray(memberIn) as Member[];
    group.readInt32(); // authorized operations
    return { errorCode, groupId, members };
  }) as ConsumerGroup[];
}

function memberIn(reader: Reader): Member {
  reader.readString(); // member id
  reader.readNullableString(); // instance id
  reader.readNullableString(); // rack
  reader.readInt32(); // epoch
  const clientId = reader.readString();
  reader.readString(); // host
  const names = reader.readArray((each) => each.readString(), true, false) as string[];
  const pattern = reader.readNullableString();
  // Of a pattern the broker alone knows what it means: it tells by what it gives the member, or is about to.
  const given = [...assignedIn(reader), ...assignedIn(reader)];
  if (pattern && given.length === 0) return { clientId };
  return { clientId, topics: pattern ? [...names, ...given] : names };
}

/** The topics of an assignment. */
function assignedIn(reader: Reader): string[] {
  const topics = reader.readArray((each) => {
    each.readUUID();
    const name = each.readString();
    each.readArray((inner) => inner.readInt32(), true, false); // partitions
    return name;
  }) as string[];
  reader.readTaggedFields();
  return topics;
}
