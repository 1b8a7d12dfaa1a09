import { describe, expect, inject, it } from "vitest";
import { inside, output, pulumi } from "./clone.ts";

const clone = inject("clone");

interface Access {
  kafka: { bootstrapServers: string[]; username: string; password: string };
}

const as = (username: string, password: string) =>
  [
    "security.protocol=SASL_PLAINTEXT",
    "sasl.mechanism=SCRAM-SHA-512",
    `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${username}" password="${password}";`,
    "",
  ].join("\n");

/** Runs one of Kafka's own tools as somebody; the credentials go in by standard input, into a file of the container's memory. */
async function tool(credentials: string, mainClass: string, args: string[], input = "") {
  const file = `/tmp/client-${Math.abs(hash(credentials))}.properties`;
  await inside(clone, "kafka", ["sh", "-c", `umask 077; cat > ${file}`], credentials);
  const words = ["--bootstrap-server", `127.0.0.1:${clone.ports.kafka}`, configFlag(mainClass), file, ...args];
  const script = 'exec java -Xmx128m -cp "/opt/kafka/libs/*" "$@"';
  return inside(clone, "kafka", ["sh", "-c", script, "sh", mainClass, ...words], input);
}

function configFlag(mainClass: string): string {
  if (mainClass === PRODUCER) return "--producer.config";
  return mainClass === CONSUMER ? "--consumer.config" : "--command-config";
}

const hash = (text: string) => [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 7);

const TOPICS = "org.apache.kafka.tools.TopicCommand";
const PRODUCER = "org.apache.kafka.tools.ConsoleProducer";
const ACLS = "org.apache.kafka.tools.AclCommand";
const CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer";

async function admin(): Promise<string> {
  const { stdout } = await pulumi(clone, "stack", "export", "--show-secrets");
  const state = JSON.parse(stdout) as {
    deployment: { resources: { type: string; inputs: Record<string, unknown> }[] };
  };
  const provider = state.deployment.resources.find(({ type }) => type === "pulumi:providers:kafka")!;
  const plain = (value: unknown): string =>
    typeof value === "object" && value !== null && "plaintext" in value
      ? JSON.parse(String(value.plaintext))
      : String(value);
  return as(plain(provider.inputs.saslUsername), plain(provider.inputs.saslPassword));
}

async function app(name: string): Promise<string> {
  const apps = await output<Record<string, Access>>(clone, "apps");
  const { username, password } = apps[name]!.kafka;
  return as(username, password);
}

describe("Kafka after npm start", () => {
  it("has the topic with its partitions and limits, the retry topics and the dead-letter topic", async () => {
    const { output: described, code } = await tool(await admin(), TOPICS, ["--describe"]);
    expect(code, described).toBe(0);
    const line = (topic: string) => described.split("\n").find((text) => text.includes(`Topic: ${topic}\t`)) ?? "";
    expect(line("user-events")).toMatch(/PartitionCount: 6\tReplicationFactor: 1/);
    for (const setting of [
      "min.insync.replicas=1",
      "retention.ms=604800000",
      "unclean.leader.election.enable=false",
      "compression.type=zstd",
    ]) {
      expect(line("user-events")).toContain(setting);
    }
    expect(line("user-events.notification-service.dlt")).toMatch(/PartitionCount: 6\tReplicationFactor: 1/);
    expect(line("user-events.notification-service.dlt")).toContain("retention.ms=1209600000");
    for (const delay of [1000, 2000]) {
      const retryTopic = line(`user-events.notification-service.retry.${delay}`);
      expect(retryTopic).toMatch(/PartitionCount: 6\tReplicationFactor: 1/);
      expect(retryTopic).toContain("retention.ms=1209600000");
      expect(retryTopic).toContain("max.message.bytes=1114124");
    }
  });

  it("has a SCRAM user for each app, and an ACL for each right, and no more", async () => {
    const listed = await tool(await admin(), ACLS, ["--list"]);
    const entries = [
      ...listed.output.matchAll(
        /ResourcePattern\(resourceType=(\w+), name=([^,]+), patternType=(\w+)\)|principal=User:([^,]+), host=\*, operation=(\w+), permissionType=ALLOW/g,
      ),
    ];
    let resource = "";
    const rights: string[] = [];
    for (const [, type, name, pattern, user, operation] of entries) {
      if (type) resource = `${type} ${name} ${pattern}`;
      else rights.push(`${user} ${operation} ${resource}`);
    }
    expect([...new Set(rights)].sort()).toEqual([
      "notification-service READ GROUP notification-service LITERAL",
      "notification-service READ TOPIC user-events LITERAL",
      "notification-service READ TOPIC user-events.notification-service.retry.1000 LITERAL",
      "notification-service READ TOPIC user-events.notification-service.retry.2000 LITERAL",
      "notification-service WRITE TOPIC user-events.notification-service.dlt LITERAL",
      "notification-service WRITE TOPIC user-events.notification-service.retry.1000 LITERAL",
      "notification-service WRITE TOPIC user-events.notification-service.retry.2000 LITERAL",
      "order-service WRITE TOPIC user-events LITERAL",
    ]);
  });

  it("lets the producer write and the consumer read, each no more than that", async () => {
    const producer = await app("order-service");
    const consumer = await app("notification-service");
    const sent = await tool(
      producer,
      PRODUCER,
      ["--topic", "user-events", "--producer-property", "acks=all"],
      "first\n",
    );
    expect(sent.output).not.toContain("ERROR");
    const read = await tool(consumer, CONSUMER, [
      "--topic",
      "user-events",
      "--group",
      "notification-service",
      "--from-beginning",
      "--max-messages",
      "1",
      "--timeout-ms",
      "30000",
    ]);
    expect(read.stdout).toContain("first");

    const asConsumer = await tool(consumer, PRODUCER, ["--topic", "user-events", "--sync"], "no\n");
    expect(asConsumer.output).toContain("TopicAuthorizationException");
    const asProducer = await tool(producer, CONSUMER, [
      "--topic",
      "user-events",
      "--group",
      "notification-service",
      "--max-messages",
      "1",
      "--timeout-ms",
      "15000",
    ]);
    expect(asProducer.output).toMatch(/AuthorizationException/);
    const otherGroup = await tool(consumer, CONSUMER, [
      "--topic",
      "user-events",
      "--group",
      "other",
      "--max-messages",
      "1",
      "--timeout-ms",
      "15000",
    ]);
    expect(otherGroup.output).toContain("GroupAuthorizationException");
  });

  it("refuses wrong passwords and users that it does not know", async () => {
    for (const credentials of [as("order-service", "wrong"), as("somebody", "else")]) {
      const { output: printed } = await tool(credentials, TOPICS, ["--list"]);
      expect(printed).toContain("SaslAuthenticationException");
    }
  });

  it("makes no topic that nobody declared, and shows an app no topic that is not its own", async () => {
    const consumer = await app("notification-service");
    const missing = await tool(consumer, PRODUCER, ["--topic", "not-declared"], "x\n");
    expect(missing.output).toContain("TopicAuthorizationException");
    const { stdout } = await tool(consumer, TOPICS, ["--list"]);
    expect(stdout.split("\n").filter(Boolean).sort()).toEqual([
      "user-events",
      "user-events.notification-service.dlt",
      "user-events.notification-service.retry.1000",
      "user-events.notification-service.retry.2000",
    ]);
  });
});
