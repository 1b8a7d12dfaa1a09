import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import { connect } from "../../client/index.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { serverOf } from "../../client/redis/server.ts";
import {
  type Clone,
  container,
  edit,
  inside,
  makeClone,
  npm,
  output,
  pulumi,
  removeClone,
  variables,
} from "../engine/clone.ts";
import { must, type Result, run } from "../engine/command.ts";
import { eachState, type State } from "./doctorStates.ts";

/** Doctor on an environment of `npm start`: what one node of each broker can show, and the fix that it says. */
let clone: Clone;
let operator: OperatorAccess;
let apps: Record<string, AppAccess>;

beforeAll(async () => {
  clone = await makeClone("soakdoctor", 29_100);
  const { code, output: printed } = await npm(clone, "start");
  expect(code, printed).toBe(0);
  [apps, operator] = [await output(clone, "apps"), await output(clone, "operator")];
});
afterAll(async () => {
  await npm(clone, "run", "down", "--", "--discard-messages");
  removeClone(clone);
});

const doctor = (): Promise<Result> =>
  run("npx", ["messaging", "doctor", "--json", "--after", "1s"], { cwd: clone.folder, env: variables(clone) });

async function succeeds(...args: string[]): Promise<void> {
  const { code, output: printed } = await pulumi(clone, ...args);
  expect(code, printed).toBe(0);
}
const up = (...args: string[]) => succeeds("up", "--yes", "--skip-preview", "--suppress-outputs", ...args);
const restore = () => up("--refresh");

async function redis(...commands: string[][]): Promise<void> {
  const server = serverOf(operator.redis!.notifications!);
  for (const command of commands) await server.ask(command);
  server.close();
}

/** As `redis` on the server's own machine, by a tool that needs no more than its login: other clients ask for more as they connect. */
async function redisCli(...command: string[]): Promise<void> {
  const { username, password } = operator.redis!.notifications!;
  const script = 'IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; exec redis-cli "$@"';
  const words = ["sh", "-c", script, "sh", "--user", username, ...command];
  const { code, output: printed } = await inside(clone, "redis-notifications", words, `${password}\n`);
  expect(code, printed).toBe(0);
}

/** Asks the management API for something of the vhost. */
async function management(method: string, path: string, body?: object): Promise<void> {
  const { managementUrl, username, password } = operator.rabbitmq!;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const { ok } = await fetch(`${managementUrl}/api/${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(ok).toBe(true);
}

async function rabbitmqctl(...args: string[]): Promise<void> {
  const { code, output: printed } = await inside(clone, "rabbitmq", ["rabbitmqctl", "--quiet", ...args]);
  expect(code, printed).toBe(0);
}

/** Sets what the policy of a queue says, or puts another one above it. */
const policy = (queue: string, definition: object, name = queue): Promise<void> =>
  management("PUT", `policies/orders/${name}`, {
    pattern: `^${queue.replaceAll(".", "\\.")}$`,
    priority: name === queue ? 1000 : 2000,
    "apply-to": "queues",
    definition,
  });
/** Of the policy of a delay tier, all but its delay. */
const WAITING = {
  "dead-letter-exchange": "",
  "dead-letter-strategy": "at-least-once",
  overflow: "reject-publish",
  "delivery-limit": 1_000_000_000,
};

const EVERY_ACL = {
  resourceType: ResourceTypes.ANY,
  resourcePatternType: ResourcePatternTypes.ANY,
  resourceName: null,
  host: null,
  operation: AclOperations.ANY,
  permissionType: AclPermissionTypes.ANY,
};

/** Does something on Kafka as its administrator. */
async function kafkaAdmin<T>(ask: (admin: Admin) => Promise<T>): Promise<void> {
  const { saslMechanism: mechanism, username, password, bootstrapServers: bootstrapBrokers } = operator.kafka!;
  const admin = new Admin({ clientId: "doctor-local", bootstrapBrokers, sasl: { mechanism, username, password } });
  await ask(admin).finally(() => admin.close());
}

/** Sets who may write to the disk of Redis, as its own user does. */
const dataMode = (mode: string): Promise<string> =>
  must("docker", ["exec", "--user", "redis", container(clone, "redis-notifications"), "chmod", mode, "/data"]);

/** Sets `<name>=<value>` of a topic, or deletes `<name>`. */
const configure = (topic: string, setting: string): Promise<void> => {
  const [name, value] = setting.split("=") as [string, string?];
  const { SET, DELETE } = IncrementalAlterConfigOperationTypes;
  const configs = [value === undefined ? { name, configOperation: DELETE } : { name, value, configOperation: SET }];
  const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs }];
  return kafkaAdmin((admin) => admin.incrementalAlterConfigs({ resources }));
};

/** Runs one of Kafka's own tools with the options that doctor says, in the container: its image has the classes without their scripts. */
async function kafkaTool(mainClass: string, ...options: string[]): Promise<void> {
  const { saslMechanism, username, password, bootstrapServers } = operator.kafka!;
  const login = [
    "security.protocol=SASL_PLAINTEXT",
    `sasl.mechanism=${saslMechanism}`,
    `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${username}" password="${password}";`,
  ].join("\n");
  await inside(clone, "kafka", ["sh", "-c", "umask 077; cat > /tmp/admin.properties"], login);
  const script = 'exec java -Xmx128m -cp "/opt/kafka/libs/*" "$@" < /dev/null';
  const words = [
    "--bootstrap-server",
    bootstrapServers.join(","),
    "--command-config",
    "/tmp/admin.properties",
    ...options,
  ];
  const { code, output: printed } = await inside(clone, "kafka", ["sh", "-c", script, "sh", mainClass, ...words]);
  expect(code, printed).toBe(0);
}
const consumerGroup = (...options: string[]) =>
  kafkaTool(
    "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "--group",
    "notification-service",
    ...options,
  );
const acls = (...options: string[]) => kafkaTool("org.apache.kafka.tools.AclCommand", ...options);
const configs = (user: string, ...options: string[]) =>
  kafkaTool("kafka.admin.ConfigCommand", "--alter", "--entity-type", "users", "--entity-name", user, ...options);

async function sqs<T>(ask: (client: SQSClient, urls: { queueUrl: string; deadLetterQueueUrl: string }) => Promise<T>) {
  const client = new SQSClient({ ...operator.sqs! });
  await ask(client, operator.sqs!.deadLetters[0]!).finally(() => client.destroy());
}
const deleteQueue = (which: "queueUrl" | "deadLetterQueueUrl"): Promise<void> =>
  sqs((client, urls) => client.send(new DeleteQueueCommand({ QueueUrl: urls[which] })));
const setQueue = (which: "queueUrl" | "deadLetterQueueUrl", Attributes: Record<string, string>): Promise<void> =>
  sqs((client, urls) => client.send(new SetQueueAttributesCommand({ QueueUrl: urls[which], Attributes })));

/** Publishes some messages, with the access of now. */
async function publish(app: string, flow: string, ...bodies: string[]): Promise<void> {
  const client = connect(apps[app]!);
  for (const body of bodies) await client.publish(flow, { body, key: "k" });
  await client.close();
}

/** Consumes, with the access of now, for as long as it takes until the flow is empty. */
async function consume(app: string, flow: string): Promise<void> {
  const client = connect(apps[app]!);
  let last = Date.now();
  await client.consume(flow, () => {
    last = Date.now();
  });
  await expect.poll(() => Date.now() - last, { timeout: 60_000 }).toBeGreaterThan(3_000);
  await client.close();
}

/** Settings of a topic that the skill does not declare. */
const ADDED = ["message.timestamp.before.max.ms=1", "segment.bytes=1048576", "segment.ms=1"];
/** Of the message that is held. */
let receipt: string;

const away = (broker: string, place: string): State => ({
  state: `${broker} is stopped`,
  found: [new RegExp(`^broker: ${place}$`)],
  code: 2,
  make: () => must("docker", ["stop", container(clone, broker)]),
  fix: () => must("docker", ["start", container(clone, broker)]),
});

describe("doctor on one node of each broker", () => {
  eachState("doctor-local", doctor, [
    away("rabbitmq", "rabbitmq"),
    away("kafka", "kafka"),
    away("localstack", "sqs"),
    away("redis-notifications", "redis/notifications"),
    {
      state: "RabbitMQ: disk alarm",
      found: [/^refused: rabbitmq node /],
      make: () => rabbitmqctl("set_disk_free_limit", "100000GB"),
      fix: () => rabbitmqctl("set_disk_free_limit", "50MB"),
    },
    {
      state: "RabbitMQ: exchange of the dead letters deleted",
      found: [/^refused: rabbitmq\/orders$/],
      make: () => management("DELETE", "exchanges/orders/messaging.dead-letter"),
      fix: restore,
    },
    {
      state: "RabbitMQ: a queue that an app declared again with arguments of its own",
      found: [/^message loss: rabbitmq\/orders$/],
      make: async () => {
        await management("DELETE", "queues/orders/orders");
        const given = { "x-queue-type": "quorum", "x-message-ttl": 60_000 };
        await management("PUT", "queues/orders/orders", { durable: true, arguments: given });
        await management("POST", "bindings/orders/e/order-events/q/orders", { routing_key: "order.*" });
      },
      fix: restore,
    },
    {
      state: "RabbitMQ: a classic queue that an app declared in place of ours",
      found: [/^message loss: rabbitmq\/orders$/],
      make: async () => {
        await management("DELETE", "queues/orders/orders");
        await management("PUT", "queues/orders/orders", { durable: true, arguments: { "x-queue-type": "classic" } });
        await management("POST", "bindings/orders/e/order-events/q/orders", { routing_key: "order.*" });
        const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--refresh");
        expect(code).not.toBe(0);
        expect(printed).toContain("must keep its type, classic, got quorum");
      },
      fix: async () => {
        await rabbitmqctl("delete_queue", "--vhost", "orders", "orders");
        await restore();
      },
    },
    {
      state: "RabbitMQ: an exchange declared again as another type",
      found: [/^refused: rabbitmq\/order-events$/],
      make: async () => {
        await management("DELETE", "exchanges/orders/order-events");
        await management("PUT", "exchanges/orders/order-events", { type: "direct", durable: true });
        await management("POST", "bindings/orders/e/order-events/q/orders", { routing_key: "order.*" });
      },
      fix: async () => {
        await management("DELETE", "exchanges/orders/order-events");
        await restore();
      },
    },
    {
      state: "RabbitMQ: our own policies changed",
      found: [
        /^message loss: rabbitmq\/orders$/,
        /^message loss: rabbitmq\/orders\.dlq$/,
        /^message loss: rabbitmq\/messaging\.retry\.1000ms$/,
        /^lag: rabbitmq\/messaging\.retry\.2000ms$/,
      ],
      make: async () => {
        const full = { "max-length": 3, overflow: "reject-publish", "delivery-limit": 0, "consumer-timeout": 60_000 };
        await policy("orders", { ...full, "dead-letter-exchange": "messaging.dead-letter" });
        await policy("orders.dlq", { "message-ttl": 5_000, "max-length": 2, "delivery-limit": 1_000_000_000 });
        await policy("messaging.retry.1000ms", {
          ...WAITING,
          "message-ttl": 1_000,
          "dead-letter-exchange": "elsewhere",
        });
        await policy("messaging.retry.2000ms", { ...WAITING, "message-ttl": 86_400_000 });
      },
      fix: restore,
    },
    {
      state:
        "RabbitMQ: policies of somebody's above ours, without a key for what fails and without a delay, and an alternate exchange",
      found: [
        /^message loss: rabbitmq\/orders$/,
        /^lag: rabbitmq\/messaging\.retry\.1000ms$/,
        /^message loss: rabbitmq policy alternate$/,
      ],
      make: async () => {
        const exchange = { "dead-letter-exchange": "messaging.dead-letter", overflow: "reject-publish" };
        await policy("orders", exchange, "theirs");
        await policy("messaging.retry.1000ms", WAITING, "theirs-too");
        await management("PUT", "policies/orders/alternate", {
          pattern: "^order-events$",
          "apply-to": "exchanges",
          definition: { "alternate-exchange": "amq.fanout" },
        });
      },
      fix: async () => {
        for (const name of ["theirs", "theirs-too", "alternate"])
          await rabbitmqctl("clear_policy", "--vhost", "orders", name);
      },
    },
    {
      state: "RabbitMQ: messages that came to a delay tier while its policy was gone",
      found: [/^lag: rabbitmq\/messaging\.retry\.1000ms$/],
      make: async () => {
        await rabbitmqctl("clear_policy", "--vhost", "orders", "messaging.retry.1000ms");
        for (const payload of ["one", "two"]) {
          const message = { properties: {}, routing_key: "orders", payload, payload_encoding: "string" };
          await management("POST", "exchanges/orders/messaging.retry.1000ms/publish", message);
        }
        await restore();
      },
      fix: async () => {
        const reject = { count: 32, ackmode: "reject_requeue_false", encoding: "auto" };
        await management("POST", "queues/orders/messaging.retry.1000ms/get", reject);
        await consume("fulfilment", "rabbitmq/orders");
      },
    },
    {
      state: "RabbitMQ: password of an app changed",
      found: [/^refused: rabbitmq user order-service$/],
      make: () => rabbitmqctl("change_password", "order-service", "another"),
      fix: async () => {
        await rabbitmqctl("delete_user", "order-service");
        await restore();
      },
    },
    {
      state: "RabbitMQ: queue of a retry deleted",
      found: [/^message loss: rabbitmq\/messaging\.retry\.1000ms$/],
      make: () => rabbitmqctl("delete_queue", "--vhost", "orders", "messaging.retry.1000ms"),
      fix: restore,
    },
    {
      state: "RabbitMQ: permissions of an app deleted",
      found: [/^refused: rabbitmq user order-service$/],
      make: () => rabbitmqctl("clear_permissions", "--vhost", "orders", "order-service"),
      fix: restore,
    },
    {
      state: "RabbitMQ: limits on the vhost and on an app's user",
      found: [/^refused: rabbitmq vhost orders$/, /^refused: rabbitmq user order-service$/],
      make: async () => {
        await rabbitmqctl("set_vhost_limits", "--vhost", "orders", '{"max-connections":0,"max-queues":1}');
        await rabbitmqctl("set_user_limits", "order-service", '{"max-connections":0}');
      },
      fix: async () => {
        await rabbitmqctl("clear_vhost_limits", "--vhost", "orders");
        await rabbitmqctl("clear_user_limits", "order-service", "max-connections");
      },
    },
    {
      state: "RabbitMQ: vhost deleted",
      found: [/^message loss: rabbitmq vhost orders$/],
      make: () => rabbitmqctl("delete_vhost", "orders"),
      fix: restore,
    },
    {
      state: "RabbitMQ: listeners suspended",
      found: [/^broker: rabbitmq$/],
      code: 2,
      make: () => rabbitmqctl("suspend_listeners"),
      fix: () => rabbitmqctl("resume_listeners"),
    },
    {
      state: "Kafka: every ACL of an app deleted",
      found: [/^refused: kafka user order-service$/],
      make: () =>
        kafkaAdmin((admin) => admin.deleteAcls({ filters: [{ ...EVERY_ACL, principal: "User:order-service" }] })),
      fix: restore,
    },
    {
      state: "Kafka: password of an app changed",
      found: [/^refused: kafka user order-service$/],
      make: () => configs("order-service", "--add-config", "SCRAM-SHA-512=[password=another]"),
      fix: async () => {
        await configs("order-service", "--delete-config", "SCRAM-SHA-512");
        await restore();
      },
    },
    {
      state: "Kafka: ACLs that deny an app and everybody something",
      found: [/^refused: kafka user order-service$/, /^refused: kafka user \*$/],
      make: async () => {
        await acls("--add", "--deny-principal", "User:order-service", "--operation", "Write", "--topic", "user-events");
        const prefixed = ["--topic", "user-", "--resource-pattern-type", "prefixed"];
        await acls("--add", "--deny-principal", "User:*", "--operation", "Read", ...prefixed);
      },
      fix: async () => {
        const remove = ["--remove", "--force", "--deny-host", "*"];
        await acls(
          ...[...remove, "--deny-principal", "User:order-service", "--operation", "Write", "--topic", "user-events"],
        );
        const prefixed = ["--topic", "user-", "--resource-pattern-type", "prefixed"];
        await acls(...remove, "--deny-principal", "User:*", "--operation", "Read", ...prefixed);
      },
    },
    {
      state: "Kafka: quotas of apps added and lowered",
      found: [/^lag: kafka user order-service$/, /^lag: kafka user notification-service$/],
      make: async () => {
        await configs("order-service", "--add-config", "producer_byte_rate=5");
        await configs("notification-service", "--add-config", "consumer_byte_rate=2,producer_byte_rate=1");
      },
      fix: async () => {
        await configs("notification-service", "--delete-config", "consumer_byte_rate,producer_byte_rate");
        await restore();
      },
    },
    ...["retention.ms=1000", "cleanup.policy=compact"].map((setting) => ({
      state: `Kafka: ${setting} on a dead-letter and a retry topic`,
      found: [/^message loss: kafka\/user-events.*\.dlt$/, /^message loss: kafka\/user-events.*\.retry\.1000$/],
      make: async () => {
        await configure("user-events.notification-service.dlt", setting);
        await configure("user-events.notification-service.retry.1000", setting);
      },
      fix: restore,
    })),
    {
      state: "Kafka: limits on a work topic that the skill does not declare",
      found: [/^refused: kafka\/user-events$/, /^message loss: kafka\/user-events$/],
      make: async () => {
        await configure("user-events", "max.message.bytes=500");
        await configure("user-events", "retention.bytes=1");
        const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--refresh");
        expect(code).not.toBe(0);
        expect(printed).toContain("must keep the settings that it has on the broker and the skill does not declare");
      },
      fix: async () => {
        await configure("user-events", "max.message.bytes");
        await configure("user-events", "retention.bytes");
        await restore();
      },
    },
    {
      state: "Kafka: records refused by their time or their segment, and leaders that are behind",
      found: [/^refused: kafka\/user-events$/, /^broker: kafka\/user-events$/, /^message loss: kafka\/user-events$/],
      make: async () => {
        for (const setting of ADDED) await configure("user-events", setting);
        await configure("user-events", "unclean.leader.election.enable=true");
      },
      fix: async () => {
        for (const setting of ADDED) await configure("user-events", setting.split("=")[0]!);
        await restore();
      },
    },
    {
      state: "Kafka: a group deleted that had consumed all",
      found: [/^lag: kafka\/user-events\/notification-service$/],
      make: async () => {
        await publish("order-service", "kafka/user-events", "a", "b", "c");
        await consume("notification-service", "kafka/user-events");
        await consumerGroup("--delete");
      },
      fix: () => consumerGroup("--topic", "user-events", "--reset-offsets", "--to-latest", "--execute"),
    },
    {
      state: "Kafka: partitions added",
      found: [/^broker: kafka\/user-events$/],
      make: async () => {
        await kafkaTool(
          "org.apache.kafka.tools.TopicCommand",
          "--alter",
          "--topic",
          "user-events",
          "--partitions",
          "8",
        );
      },
      fix: async () => {
        const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--refresh");
        expect(code).not.toBe(0);
        expect(printed).toContain("say partitions: 8 below kafka.topics.user-events");
        edit(clone, "skill.yaml", "partitions: 6", "partitions: 8");
        await restore();
      },
    },
    {
      state: "Kafka: more copies in sync demanded than there are",
      found: [/^refused: kafka\/user-events$/],
      make: () => configure("user-events", "min.insync.replicas=2"),
      fix: restore,
    },
    {
      state: "SQS: queue deleted",
      found: [/^message loss: sqs\/payments$/],
      make: () => deleteQueue("queueUrl"),
      fix: restore,
    },
    {
      state: "SQS: dead-letter queue deleted",
      found: [/^message loss: sqs\/payments$/],
      make: () => deleteQueue("deadLetterQueueUrl"),
      fix: restore,
    },
    {
      state: "SQS: what fails is led to another queue, after one delivery",
      found: [/^message loss: sqs\/payments$/],
      make: () =>
        sqs(async (client, { queueUrl }) => {
          await client.send(new CreateQueueCommand({ QueueName: "other.fifo", Attributes: { FifoQueue: "true" } }));
          const deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:other.fifo";
          const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
          await client.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { RedrivePolicy } }));
        }),
      fix: async () => {
        await restore();
        await sqs((client, { queueUrl }) =>
          client.send(new DeleteQueueCommand({ QueueUrl: queueUrl.replace("payments", "other") })),
        );
      },
    },
    {
      state: "SQS: what fails is given up only after 1000 deliveries",
      found: [/^lag: sqs\/payments$/],
      make: () => {
        const deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:payments-dlq.fifo";
        return setQueue("queueUrl", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1000 }) });
      },
      fix: restore,
    },
    {
      state: "SQS: a message group behind a message that somebody received for 12 h",
      found: [/^lag: sqs\/payments$/],
      make: async () => {
        await publish("payment-service", "sqs/payments", "a", "b", "c");
        await sqs(async (client, { queueUrl: QueueUrl }) => {
          const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, VisibilityTimeout: 43_200 });
          receipt = (await client.send(receive)).Messages![0]!.ReceiptHandle!;
        });
      },
      fix: async () => {
        await sqs((client, { queueUrl: QueueUrl }) => {
          const handle = { QueueUrl, ReceiptHandle: receipt };
          return client.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 }));
        });
        await consume("fulfilment", "sqs/payments");
      },
    },
    {
      state: "SQS: retentions lowered",
      found: [/^message loss: sqs\/payments$/],
      make: async () => {
        await setQueue("queueUrl", { MessageRetentionPeriod: "200000" });
        await setQueue("deadLetterQueueUrl", { MessageRetentionPeriod: "300000" });
      },
      fix: restore,
    },
    {
      state: "SQS: a dead-letter queue that takes nothing from its queue",
      found: [/^message loss: sqs\/payments$/],
      make: () => setQueue("deadLetterQueueUrl", { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' }),
      fix: restore,
    },
    {
      state: "SQS: apps are refused, and what fails comes late",
      found: [/^refused: sqs\/payments$/, /^lag: sqs\/payments$/],
      make: async () => {
        const late = { VisibilityTimeout: "43200", DelaySeconds: "900" };
        await setQueue("queueUrl", {
          ...late,
          MaximumMessageSize: "1024",
          ContentBasedDeduplication: "false",
          Policy: "",
        });
        const Statement = [{ Sid: "closed", Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: "*" }];
        await setQueue("deadLetterQueueUrl", { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
      },
      fix: restore,
    },
    {
      state: "Redis: users of apps deleted, without rights, with another password",
      found: ["notification-service", "order-service", "fulfilment"].map(
        (user) => new RegExp(`^refused: redis/notifications user ${user}$`),
      ),
      make: () =>
        redis(
          ["ACL", "DELUSER", "notification-service"],
          ["ACL", "SETUSER", "order-service", "-@all"],
          ["ACL", "SETUSER", "fulfilment", "resetpass", ">another"],
        ),
      fix: restore,
    },
    {
      state: "Redis: no fsync, and no limit of its memory",
      found: [/^message loss: redis\/notifications$/],
      make: () => redis(["CONFIG", "SET", "appendfsync", "no"], ["CONFIG", "SET", "maxmemory", "0"]),
      fix: restore,
    },
    {
      state: "Redis: stream deleted",
      found: [/^message loss: redis\/notifications\/emails\/mailer$/],
      make: () => redis(["DEL", "emails"]),
      fix: restore,
    },
    {
      state: "Redis: emptied",
      found: [/^message loss: redis\/notifications$/],
      make: () => redis(["FLUSHALL"]),
      fix: async () => {
        await succeeds("config", "set", "--path", "messaging:acceptCluster[0]", "redis/notifications");
        await up();
        await succeeds("config", "rm", "messaging:acceptCluster");
        await restore();
      },
    },
    {
      state: "Redis: full",
      found: [/^refused: redis\/notifications$/],
      make: () => redis(["CONFIG", "SET", "maxmemory", "1mb"]),
      fix: async () => {
        edit(clone, "skill.yaml", "maxMemory: 256mb", "maxMemory: 300mb");
        await up();
      },
    },
    {
      state: "Redis: fewer replicas than must follow",
      found: [/^refused: redis\/notifications$/],
      make: () => redis(["CONFIG", "SET", "min-replicas-to-write", "1"]),
      fix: () => redis(["CONFIG", "SET", "min-replicas-to-write", "0"]),
    },
    {
      state: "Redis: a group whose lag the server does not know, and nobody in it",
      found: [/^backlog: redis\/notifications\/emails\/mailer$/],
      make: () =>
        redis(
          ...["1-1", "1-2", "1-3"].map((id) => ["XADD", "emails", id, "body", "m"]),
          ["XDEL", "emails", "1-2"],
          ["XGROUP", "SETID", "emails", "mailer", "1-1"],
        ),
      fix: () => consume("fulfilment", "redis/notifications/emails"),
    },
    {
      state: "Redis: a stream trimmed before its group has read it",
      found: [/^message loss: redis\/notifications\/emails\/mailer$/],
      make: () =>
        redis(
          ["XADD", "emails", "*", "body", "m"],
          ["XADD", "emails", "*", "body", "m"],
          ["XTRIM", "emails", "MAXLEN", "0"],
        ),
      fix: async () => {
        await redis(["XADD", "emails", "*", "body", "again"]);
        await consume("fulfilment", "redis/notifications/emails");
      },
    },
    ...["dead", "messaging.retry.1000"].map((consumer) => ({
      state: `Redis: a stream trimmed while ${consumer} has its entries`,
      found: [/^message loss: redis\/notifications\/emails\/mailer$/],
      make: () =>
        redis(
          ["XADD", "emails", "*", "body", "m"],
          ["XREADGROUP", "GROUP", "mailer", consumer, "STREAMS", "emails", ">"],
          ["XTRIM", "emails", "MAXLEN", "0"],
        ),
      // It forgets what is not there.
      fix: () => redis(["XAUTOCLAIM", "emails", "mailer", "doctor", "0", "0-0"]),
    })),
    ...["emails", "emails.mailer.dlq"].map((key) => ({
      state: `Redis: another key in place of the stream ${key}`,
      found: [new RegExp(`^message loss: redis/notifications/${key}$`)],
      make: () => redis(["DEL", key], ["SET", key, "x"]),
      fix: async () => {
        await redis(["DEL", key]);
        await restore();
      },
    })),
    {
      state: "Redis: a stream whose key expires",
      found: [/^message loss: redis\/notifications\/emails$/],
      make: () => redis(["EXPIRE", "emails", "3000"]),
      fix: () => redis(["PERSIST", "emails"]),
    },
    {
      state: "Redis: busy with a script that does not end",
      found: [/^refused: redis\/notifications$/],
      make: () => expect(redis(["EVAL", "while true do end", "0"])).rejects.toThrow("no answer"),
      fix: () => redisCli("SCRIPT", "KILL"),
    },
    {
      state: "Redis: paused for writes",
      found: [/^refused: redis\/notifications$/],
      make: () => redis(["CLIENT", "PAUSE", "600000", "WRITE"]),
      fix: () => redis(["CLIENT", "UNPAUSE"]),
    },
    {
      state: "Redis: paused for everybody",
      found: [/^broker: redis\/notifications$/],
      code: 2,
      make: () => redis(["CLIENT", "PAUSE", "600000", "ALL"]),
      fix: () => must("docker", ["restart", container(clone, "redis-notifications")]),
    },
    {
      state: "Redis: let in nobody from another machine",
      found: [/^refused: redis\/notifications$/],
      make: () => redis(["ACL", "SETUSER", "default", "on", "nopass"]),
      fix: () => redisCli("ACL", "SETUSER", "default", "off", "resetpass"),
    },
    {
      state: "Redis: too many clients",
      found: [/^refused: redis\/notifications$/],
      make: () => redis(["CONFIG", "SET", "maxclients", "1"]),
      fix: () => redis(["CONFIG", "SET", "maxclients", "10000"]),
    },
    {
      state: "Redis: made a replica",
      found: [/^broker: redis\/notifications$/],
      make: () => redis(["REPLICAOF", "127.0.0.1", "1"]),
      fix: () => redis(["REPLICAOF", "NO", "ONE"]),
    },
    {
      state: "Redis: no snapshot can be written",
      found: [/^refused: redis\/notifications$/],
      make: async () => {
        await dataMode("555");
        await redis(["BGSAVE"]);
      },
      fix: async () => {
        await dataMode("755");
        await redis(["BGSAVE"]);
      },
    },
  ]);
});
