import { randomUUID } from "node:crypto";
import { NoLeader, openCluster } from "../client/kafka/cluster.ts";
import { sizeOf } from "../client/kafka/log.ts";
import { patiently } from "../client/kafka/patience.ts";
import { uncopied } from "../client/kafka/replacedLogs.ts";
import { describeConfigsV4, describeUserScramCredentialsV0, is, metadataV10 } from "../client/kafka/wire.ts";
import { RefusedError } from "../client/message.ts";
import type { KafkaOperator } from "../client/operator.ts";
import { UnknownHolding } from "./holding.ts";
import { eachOf, inTime, withPlace } from "./inTime.ts";
import { groupPositions, holdingOf } from "./kafkaHolding.ts";
import { rightsOn } from "./kafkaRights.ts";
import type { KafkaLook } from "./look.ts";

// Kafka's numbers: ConfigResource.Type.TOPIC, DescribeConfigsResponse.ConfigSource.TOPIC_CONFIG, ScramMechanism.
const TOPIC = 2;
const OWN = 1;
const MECHANISMS: Record<string, number> = { "SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2 };

/** Kafka as its administrator, by Kafka's own protocol. */
export function kafkaLook(access: KafkaOperator): KafkaLook & { close(): Promise<void> } {
  const cluster = openCluster(access, `messaging-look/${randomUUID()}`);
  const place = `kafka at ${access.bootstrapServers.join(", ")}`;
  const positions = groupPositions(cluster);

  /** Asks again while nobody answers; whatever goes wrong is told with the address. */
  async function asking<T>(doing: string, ask: () => Promise<T>): Promise<T> {
    try {
      // What is believed of topics may be a minute old: somebody may have given one more partitions.
      cluster.forget();
      return await inTime(place, patiently(cluster, doing, ask));
    } catch (error) {
      if (error instanceof NoLeader) throw new UnknownHolding(place, error.message);
      throw withPlace(place, error as Error);
    }
  }

  const metadata = (topics: string[] | null) => cluster.ask(metadataV10.api, topics, false, false);

  const unlessUnknown = (error: unknown): false => {
    if (is(error, "UNKNOWN_TOPIC_OR_PARTITION")) return false;
    throw error;
  };
  /** That a topic is not there every broker must say: one that was cut off, or has just started, knows an older state. */
  const isThere = async (topic: string): Promise<boolean> => {
    if (await metadata([topic]).catch(unlessUnknown)) return true;
    const { brokers } = await metadata([]);
    const said = await Promise.all(
      brokers.map(({ nodeId }) =>
        cluster.call(nodeId, "ask each", metadataV10.api, [topic], false, false).catch(unlessUnknown),
      ),
    );
    return said.some(Boolean);
  };

  const hasCredentials = async (user: string, mechanism?: string): Promise<boolean> => {
    try {
      const { results } = await cluster.ask(describeUserScramCredentialsV0.api, [{ name: user }]);
      const found = results.flatMap(({ credentialInfos }) => credentialInfos.map((one) => one.mechanism));
      return mechanism === undefined ? found.length > 0 : found.includes(MECHANISMS[mechanism]!);
    } catch (error) {
      if (is(error, "RESOURCE_NOT_FOUND")) return false;
      throw error;
    }
  };

  return {
    topic: (name) =>
      asking(`looking at topic ${name}`, async () => {
        if (!(await isThere(name))) return undefined;
        return holdingOf(cluster, name, await positions([name]));
      }),
    uncopied: (log) =>
      asking(`looking at topic ${log.from}`, async () => {
        if (!(await isThere(log.from))) return undefined;
        const messages = sizeOf(await uncopied(cluster, log));
        return { messages, waiting: messages, unit: "record", detail: `not copied into ${log.to} yet` };
      }),
    all: () =>
      asking("looking at the topics", async () => {
        const { topics } = await metadata(null);
        const names = topics.filter(({ isInternal }) => !isInternal).map(({ name }) => name!);
        const known = await positions(names);
        return eachOf(names, async (name) => ({ name, holding: await holdingOf(cluster, name, known) }));
      }),
    settings: (topic) =>
      asking(`looking at the settings of topic ${topic}`, async () => {
        if (!(await isThere(topic))) return {};
        const asked = { resourceType: TOPIC, resourceName: topic, configurationKeys: null } as const;
        const { results } = await cluster.ask(describeConfigsV4.api, [asked], false, false);
        const own = results.flatMap(({ configs }) => configs).filter(({ configSource }) => configSource === OWN);
        return Object.fromEntries(own.map(({ name, value }) => [name, value ?? ""]));
      }),
    inSync: (topic) =>
      asking(`looking at the replicas of topic ${topic}`, async () => {
        if (!(await isThere(topic))) return 0;
        const { topics } = await metadata([topic]);
        return Math.min(...topics.flatMap(({ partitions }) => partitions.map(({ isrNodes }) => isrNodes.length)));
      }),
    exists: (kind, name, mechanism) =>
      asking(`looking for ${kind} ${name}`, () => (kind === "topic" ? isThere(name) : hasCredentials(name, mechanism))),
    rights: (kind, name) => asking(`looking at the rights on ${kind} ${name}`, () => rightsOn(cluster, kind, name)),
    brokers: () => asking("counting the brokers", async () => (await metadata([])).brokers.length),
    identity: () =>
      asking("asking for the cluster's id", async () => {
        const { clusterId } = await metadata([]);
        if (clusterId) return clusterId;
        throw new RefusedError("the broker does not tell the cluster's id");
      }),
    close: () => cluster.close(),
  };
}
