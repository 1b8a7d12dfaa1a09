import { type API, createTopicsV7, describeQuorumV2 } from "@platformatic/kafka";
import { openCluster } from "../../../client/kafka/cluster.ts";
import type { Login } from "../../../client/kafka/link.ts";
import { metadataV10 } from "../../../client/kafka/wire.ts";
import { LOGGING } from "../../../infra/local/kafkaFiles.ts";
import { PASSWORD } from "../../engine/clusters.ts";
import { type Network, type Nodes, nodesOf, until } from "./nodes.ts";

/** The user that may do everything; its password is `PASSWORD`. */
export const KAFKA_ADMINISTRATOR = "cluster-admin";

/** A partition as Kafka describes it: numbers of nodes, `leader` undefined while there is none. */
export interface Partition {
  topic: string;
  partition: number;
  leader: number | undefined;
  replicas: number[];
  inSync: number[];
}

/** Three nodes of Kafka, each broker and controller. Clients log in by SASL_PLAINTEXT and SCRAM-SHA-512; nothing is allowed that no ACL allows. */
export interface KafkaCluster extends Nodes {
  /** `172.30.6.21:9092` and the next two. */
  bootstrapServers: string[];
  /** How its administrator logs in. */
  login: Login;
  /** Sends a request to whichever node answers, over a connection of its own. */
  ask<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R>;
  /** Makes a topic; `assignments` are the replicas of each partition. */
  create(topic: string, assignments: number[][]): Promise<void>;
  /** The partitions of a topic; without one, of all topics. */
  partitions(topic?: string): Promise<Partition[]>;
  /** The node that is the active controller. */
  controller(): Promise<number>;
  /** Waits until all nodes answer and every partition has a leader and all its replicas in sync. */
  ready(): Promise<void>;
}

/** Makes the cluster and waits until it is one. Its id is new each time. */
export async function makeKafkaCluster(network: Network): Promise<KafkaCluster> {
  const nodes = nodesOf(network, "kafka", 21);
  const all = [1, 2, 3];
  const bootstrapServers = all.map((node) => `${nodes.address(node)}:9092`);
  const login: Login = {
    bootstrapServers,
    securityProtocol: "SASL_PLAINTEXT",
    saslMechanism: "SCRAM-SHA-512",
    username: KAFKA_ADMINISTRATOR,
    password: PASSWORD,
  };

  const cluster: KafkaCluster = {
    ...nodes,
    bootstrapServers,
    login,
    async ask(api, ...args) {
      const open = openCluster(login, "messaging-soak");
      try {
        return await open.ask(api, ...args);
      } finally {
        await open.close();
      }
    },
    async create(topic, assignments) {
      const given = assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
      const made = { name: topic, numPartitions: -1, replicationFactor: -1, assignments: given, configs: [] };
      await cluster.ask(createTopicsV7.api, [made], 30_000, false);
    },
    async partitions(topic) {
      const { topics } = await cluster.ask(metadataV10.api, topic ? [topic] : null, false, false);
      return topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
          topic: name!,
          partition: partitionIndex,
          leader: leaderId < 0 ? undefined : leaderId,
          replicas: replicaNodes,
          inSync: isrNodes,
        })),
      );
    },
    async controller() {
      const log = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
      const { topics } = await cluster.ask(describeQuorumV2.api, log);
      return topics[0]!.partitions[0]!.leaderId;
    },
    async ready() {
      await until("three nodes of Kafka", async () => {
        const { brokers } = await cluster.ask(metadataV10.api, null, false, false);
        return brokers.length === 3;
      });
      await until("partitions that are in sync", async () => {
        const found = await cluster.partitions();
        return found.every(({ leader, replicas, inSync }) => leader !== undefined && replicas.length === inSync.length);
      });
    },
  };

  const voters = all.map((node) => `${node}@${nodes.container(node)}:9093`).join(",");
  const id = Buffer.from(`${Date.now()}`.padEnd(16, "0")).toString("base64url");
  for (const node of all) {
    const text = properties(node, voters, nodes.address(node), nodes.container(node));
    await nodes.make(node, "messaging.local/kafka:4.1.0", ["--user", "appuser"], script(text, id));
  }
  await cluster.ready();
  return cluster;
}

const LOGGED_BY = "-Dlog4j2.configurationFile=/tmp/log4j2.properties";

const INTERNAL = "cluster.internal";
const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${INTERNAL}" password="${PASSWORD}" user_${INTERNAL}="${PASSWORD}";`;

const properties = (node: number, voters: string, address: string, host: string): string => `
process.roles=broker,controller
node.id=${node}
log.dirs=/var/lib/kafka/data/logs
controller.quorum.voters=${voters}
listeners=CLIENTS://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093,INTERNAL://0.0.0.0:9094
advertised.listeners=CLIENTS://${address}:9092,INTERNAL://${host}:9094
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,INTERNAL:SASL_PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=INTERNAL
sasl.mechanism.controller.protocol=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=${plain}
listener.name.internal.sasl.enabled.mechanisms=PLAIN
listener.name.internal.plain.sasl.jaas.config=${plain}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:${KAFKA_ADMINISTRATOR};User:${INTERNAL}
auto.create.topics.enable=false
default.replication.factor=3
offsets.topic.replication.factor=3
offsets.topic.num.partitions=10
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=10
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
`;

const script = (settings: string, id: string): string => `
cat > /tmp/server.properties <<'END'${settings}END
cat > /tmp/log4j2.properties <<'END'
${LOGGING}END
java -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --config /tmp/server.properties --cluster-id ${id} --ignore-formatted \\
  --add-scram 'SCRAM-SHA-512=[name=${KAFKA_ADMINISTRATOR},password=${PASSWORD}]'
exec java -Xms128m -Xmx384m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError ${LOGGED_BY} -cp '/opt/kafka/libs/*' kafka.Kafka /tmp/server.properties
`;
