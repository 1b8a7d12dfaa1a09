import { ReplicationGroup } from "@pulumi/aws/elasticache/replicationGroup.js";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { Queue as SqsQueue } from "@pulumi/aws/sqs/queue.js";
import { Container } from "@pulumi/docker/container.js";
import { Acl } from "@pulumi/kafka/acl.js";
import { Provider as Kafka } from "@pulumi/kafka/provider.js";
import { Topic } from "@pulumi/kafka/topic.js";
import { Provider as Rabbitmq } from "@pulumi/rabbitmq/provider.js";
import { Queue } from "@pulumi/rabbitmq/queue.js";

// Raw resources as a program would have them that knows nothing of ours: previewed only, so nobody answers there.

// tls
const rabbitmq = new Rabbitmq("rabbitmq", {
  endpoint: "http://rabbit.example.org:15672",
  username: "root",
  password: "root",
});
const kafka = new Kafka("kafka", { bootstrapServers: ["kafka.example.org:9093"], kafkaVersion: "4.1.0" });
const aws = new Aws("aws", {
  region: "eu-central-1",
  accessKey: "any",
  secretKey: "any",
  skipCredentialsValidation: true,
  skipMetadataApiCheck: true,
  skipRegionValidation: true,
  skipRequestingAccountId: true,
});

// rabbitmq-dead-letters
new Queue(
  "orders",
  { name: "orders", vhost: "/", settings: { durable: true, arguments: { "x-queue-type": "quorum" } } },
  { provider: rabbitmq, protect: true },
);

// kafka-durability, then kafka-dead-letter-partitions and dead-letter-retention
const safe = { "min.insync.replicas": "2" };
const rest = { provider: kafka, protect: true };
new Topic("thin", { name: "thin", partitions: 1, replicationFactor: 1 }, rest);
new Topic("clicks", { name: "clicks", partitions: 6, replicationFactor: 3, config: safe }, rest);
new Topic("clicks-dlt", { name: "clicks-dlt", partitions: 1, replicationFactor: 3, config: safe }, rest);
new Topic(
  "views",
  { name: "views", partitions: 1, replicationFactor: 3, config: { ...safe, "retention.ms": "-1" } },
  rest,
);
new Topic("views-dlt", { name: "views-dlt", partitions: 1, replicationFactor: 3, config: safe }, rest);

// no-wildcard-principal
new Acl(
  "anybody",
  {
    aclPrincipal: "User:*",
    aclHost: "*",
    aclOperation: "Read",
    aclPermissionType: "Allow",
    aclResourceName: "clicks",
    aclResourceType: "Topic",
  },
  { provider: kafka },
);

// sqs-dead-letters and sqs-tls, and protect-stateful
new SqsQueue("payments", { name: "payments" }, { provider: aws });

// redis-noeviction
new ReplicationGroup(
  "cache",
  {
    replicationGroupId: "cache",
    description: "a cache",
    engine: "redis",
    nodeType: "cache.t4g.small",
    numCacheClusters: 2,
    transitEncryptionEnabled: true,
  },
  { provider: aws, protect: true },
);

// no-public-port
new Container("broker", { name: "broker", image: "redis:8", ports: [{ internal: 6379, external: 6379 }] });
