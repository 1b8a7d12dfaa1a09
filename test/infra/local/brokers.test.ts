import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { passwordFrom } from "../../../components/password.ts";
import { LocalKafka } from "../../../infra/local/kafka.ts";
import { toFormatArguments, toProperties } from "../../../infra/local/kafkaFiles.ts";
import { LocalStack } from "../../../infra/local/localstack.ts";
import { LocalRabbitmq, toDefinitions } from "../../../infra/local/rabbitmq.ts";
import { program, type Registered, resolve } from "../../mocks.ts";

const container = (resources: Registered[]) => resources.find(({ type }) => type.endsWith(":Container"))!.inputs;

/** The container without what was marked secret: what a state file or `docker inspect` may show. */
const plain = (inputs: object) =>
  JSON.stringify(inputs, (_key, value) => (value !== null && value?.["[secret]"] !== undefined ? "secret" : value));

describe("RabbitMQ on this machine", () => {
  const made = () =>
    program(async () => {
      const ports = { amqp: 5672, management: 15672 };
      const rabbitmq = new LocalRabbitmq("rabbitmq", { stack: "local", image: "i", secret: "root", ports });
      const { managementUrl, amqpUrl, username, password } = rabbitmq;
      return Promise.all([managementUrl, amqpUrl, username, password].map((output) => resolve(output)));
    });

  test("tells where it is and who provisions it", async () => {
    const { outputs } = await made();
    expect(outputs).toEqual([
      { value: "http://127.0.0.1:15672", isSecret: false },
      { value: "amqp://127.0.0.1:5672", isSecret: false },
      { value: "messaging-admin", isSecret: false },
      { value: passwordFrom("root", "rabbitmq/messaging-admin"), isSecret: true },
    ]);
  });

  test("shows its password nowhere, as text or as hash", async () => {
    const shown = plain(container((await made()).resources));
    const password = passwordFrom("root", "rabbitmq/messaging-admin");
    expect(shown).not.toContain(password);
    expect(shown).not.toContain(JSON.parse(toDefinitions(password)).users[0].password_hash);
  });

  test("knows one administrator and no guest, by a hash that is the same at the next update", () => {
    const { users } = JSON.parse(toDefinitions("correct horse"));
    expect(users).toMatchInlineSnapshot(`
      [
        {
          "hashing_algorithm": "rabbit_password_hashing_sha256",
          "name": "messaging-admin",
          "password_hash": "eO3GmzL3NaoJDzpLkV5OSNeMM9TudNbBypU45HdRTOOjha/x",
          "tags": [
            "administrator",
          ],
        },
      ]
    `);
    const hash = Buffer.from(users[0].password_hash, "base64");
    const salted = Buffer.concat([hash.subarray(0, 4), Buffer.from("correct horse")]);
    expect(hash.subarray(4)).toEqual(createHash("sha256").update(salted).digest());
  });
});

describe("Kafka on this machine", () => {
  const made = () =>
    program(async () => {
      const kafka = new LocalKafka("kafka", { stack: "local", image: "i", secret: "root", port: 19092 });
      return Promise.all([kafka.bootstrapServers, kafka.username, kafka.password].map((output) => resolve(output)));
    });

  test("tells where it is and who provisions it", async () => {
    expect((await made()).outputs).toEqual([
      { value: "127.0.0.1:19092", isSecret: false },
      { value: "messaging-admin", isSecret: false },
      { value: passwordFrom("root", "kafka/messaging-admin"), isSecret: true },
    ]);
  });

  test("shows no password", async () => {
    const shown = plain(container((await made()).resources));
    expect(shown).not.toContain(passwordFrom("root", "kafka/messaging-admin"));
    expect(shown).not.toContain(passwordFrom("root", "kafka/messaging.internal"));
  });

  test("authenticates every listener, and offers apps SCRAM alone", () => {
    expect(toProperties(19092, "pw")).toMatchInlineSnapshot(`
      "process.roles=broker,controller
      node.id=1
      log.dirs=/var/lib/kafka/data/messaging
      controller.quorum.voters=1@127.0.0.1:9092
      listeners=APPS://0.0.0.0:19092,CONTROLLER://127.0.0.1:9092,INTERNAL://127.0.0.1:9093
      advertised.listeners=APPS://127.0.0.1:19092,INTERNAL://127.0.0.1:9093
      listener.security.protocol.map=APPS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,INTERNAL:SASL_PLAINTEXT
      controller.listener.names=CONTROLLER
      inter.broker.listener.name=INTERNAL
      sasl.mechanism.controller.protocol=PLAIN
      sasl.mechanism.inter.broker.protocol=PLAIN
      listener.name.apps.sasl.enabled.mechanisms=SCRAM-SHA-512
      listener.name.apps.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
      listener.name.controller.sasl.enabled.mechanisms=PLAIN
      listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="messaging.internal" password="pw" user_messaging.internal="pw";
      listener.name.internal.sasl.enabled.mechanisms=PLAIN
      listener.name.internal.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="messaging.internal" password="pw" user_messaging.internal="pw";
      authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
      allow.everyone.if.no.acl.found=false
      super.users=User:messaging-admin;User:messaging.internal
      auto.create.topics.enable=false
      offsets.topic.replication.factor=1
      transaction.state.log.replication.factor=1
      transaction.state.log.min.isr=1
      share.coordinator.state.topic.replication.factor=1
      share.coordinator.state.topic.min.isr=1
      offsets.topic.num.partitions=10
      transaction.state.log.num.partitions=10
      group.initial.rebalance.delay.ms=0
      "
    `);
  });

  test("keeps its own ports away from the one that clients are given", () => {
    expect(toProperties(9093, "pw")).toContain(
      "listeners=APPS://0.0.0.0:9093,CONTROLLER://127.0.0.1:9092,INTERNAL://127.0.0.1:9094\n",
    );
  });

  test("is told its administrator when its volume is prepared", () => {
    expect(toFormatArguments("pw")).toMatchInlineSnapshot(`
      "-cp '/opt/kafka/libs/*'
      kafka.tools.StorageTool format
      --config /etc/messaging/server.properties
      --add-scram "SCRAM-SHA-512=[name=messaging-admin,password=pw]"
      "
    `);
  });
});

describe("AWS on this machine", () => {
  const made = () =>
    program(() => resolve(new LocalStack("aws", { stack: "local", image: "i", port: 14566 }).endpoint));

  test("tells where it is", async () => {
    expect((await made()).outputs).toEqual({ value: "http://127.0.0.1:14566", isSecret: false });
  });

  test("sends nothing home, fetches nothing and names queues by its own address", async () => {
    expect(container((await made()).resources).envs).toMatchInlineSnapshot(`
      [
        "ACTIVATE_PRO=0",
        "DISABLE_EVENTS=1",
        "DNS_ADDRESS=0",
        "GATEWAY_LISTEN=0.0.0.0:14566",
        "HOME=/home/localstack",
        "LOCALSTACK_HOST=127.0.0.1:14566",
        "LS_LOG=warning",
        "SERVICES=sqs,sns,kms,iam,sts,cloudwatch",
        "SKIP_SSL_CERT_DOWNLOAD=1",
        "SQS_ENDPOINT_STRATEGY=off",
        "STRICT_SERVICE_LOADING=1",
      ]
    `);
  });

  test("keeps its queues, and shows messages in time, by scripts that it runs at start", async () => {
    const uploads = container((await made()).resources).uploads as { file: string; content: string }[];
    expect(uploads.map(({ file }) => file)).toEqual([
      "/etc/localstack/messaging/messaging_queues.py",
      "/etc/localstack/init/start.d/persistence.py",
      "/etc/localstack/init/start.d/visibility.py",
    ]);
    expect(uploads[1]?.content).toContain("messaging-sqs.json");
    expect(uploads[2]?.content).toContain("requeue_inflight_messages");
  });
});
