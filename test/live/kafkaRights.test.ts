import { expect, it } from "vitest";
import type { Cluster } from "../../client/kafka/cluster.ts";
import { describeGroupsV5, listGroupsV4 } from "../../client/kafka/wire.ts";
import { rightsOn } from "../../live/kafkaRights.ts";

/** A cluster without ACLs whose coordinator lists these groups, and describes none: those by the protocol of Kafka 4. */
const clusterOf = (...groups: { groupId: string; groupState: string }[]) =>
  ({
    ask: async () => ({ resources: [], brokers: [] }),
    coordinator: async () => 1,
    call: async (_node: number, _purpose: string, api: unknown) => {
      if (api === describeGroupsV5.api) return { groups: [{ groupState: "Dead", members: [] }] };
      if (api === listGroupsV4.api) return { groups };
      throw new Error("not asked");
    },
  }) as unknown as Cluster;

it("A group by the protocol of Kafka 4 is in use, one that is not there is not", async () => {
  const used = async (cluster: Cluster) => (await rightsOn(cluster, "group", "mail")).used;
  expect(await used(clusterOf({ groupId: "mail", groupState: "Stable" }))).toBe(true);
  expect(await used(clusterOf({ groupId: "mail", groupState: "Empty" }))).toBe(true);
  expect(await used(clusterOf({ groupId: "other", groupState: "Stable" }))).toBe(false);
  expect(await used(clusterOf({ groupId: "mail", groupState: "Dead" }))).toBe(false);
});
