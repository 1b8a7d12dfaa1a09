import type { Cluster } from "../client/kafka/cluster.ts";
import { listOffsets } from "../client/kafka/offsets.ts";
import { describeAclsV2, describeConfigsV4, is, listGroupsV4, metadataV10 } from "../client/kafka/wire.ts";
import type { KafkaAcl, KafkaRights } from "./look.ts";

// Kafka's numbers: ResourceType, PatternType.MATCH, AclOperation.ANY, AclPermissionType.ANY, ConfigResource.Type.BROKER.
const RESOURCES = { topic: 2, group: 3 } as const;
const MATCH = 2;
const ANY = 1;
const BROKER = 4 as const;

const OPEN = "allow.everyone.if.no.acl.found";

/** Who may use a topic or a consumer group, as the cluster has it now. */
export async function rightsOn(cluster: Cluster, kind: "topic" | "group", name: string): Promise<KafkaRights> {
  const [acls, open, used] = await Promise.all([
    aclsOn(cluster, kind, name),
    opennessOf(cluster),
    kind === "topic" ? wasWritten(cluster, name) : groupExists(cluster, name),
  ]);
  return { acls, open, used };
}

async function aclsOn(cluster: Cluster, kind: "topic" | "group", name: string): Promise<KafkaAcl[]> {
  const { resources } = await cluster.ask(describeAclsV2.api, {
    resourceType: RESOURCES[kind],
    resourceName: name,
    resourcePatternType: MATCH,
    principal: null,
    host: null,
    operation: ANY,
    permissionType: ANY,
  });
  return resources.flatMap(({ resourceName, resourcePatternType, acls }) =>
    acls.map(({ principal, host, operation, permissionType: permission }) => ({
      principal,
      host,
      operation,
      permission,
      pattern: resourcePatternType,
      resource: resourceName,
    })),
  );
}

/** A broker lists the setting only where it was set, and never says to what. */
async function opennessOf(cluster: Cluster): Promise<KafkaRights["open"]> {
  const { brokers } = await cluster.ask(metadataV10.api, [], false, false);
  const asked = { resourceType: BROKER, configurationKeys: [OPEN] };
  const answers = await Promise.all(
    brokers.map(({ nodeId }) => {
      const one = { ...asked, resourceName: String(nodeId) };
      return cluster.call(nodeId, "settings", describeConfigsV4.api, [one], false, false);
    }),
  );
  const found = answers.flatMap(({ results }) => results.flatMap(({ configs }) => configs));
  return found.some(({ name, value }) => name === OPEN && value !== "false") ? "unknown" : "no";
}

async function wasWritten(cluster: Cluster, topic: string): Promise<boolean> {
  try {
    return [...(await listOffsets(cluster, topic, "latest")).values()].some((end) => end > 0n);
  } catch (error) {
    if (is(error, "UNKNOWN_TOPIC_OR_PARTITION")) return false;
    throw error;
  }
}

/** By the list: a question for one group tells nothing of one by the protocol of Kafka 4. */
async function groupExists(cluster: Cluster, group: string): Promise<boolean> {
  const { groups } = await cluster.call(await cluster.coordinator(group), "groups", listGroupsV4.api, [], []);
  return groups.some(({ groupId, groupState }) => groupId === group && !/^dead$/i.test(groupState));
}
