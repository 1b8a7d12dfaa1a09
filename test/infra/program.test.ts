import { describe, expect, it } from "vitest";
import { program, type Registered, resolve, secret } from "../mocks.ts";

const config = { "messaging:brokers": "local" };
const made = (type: string, name: string, inputs: Record<string, unknown>) => {
  if (type === "docker:index/container:Container") return { ports: inputs.ports };
  if (type === "aws:sqs/queue:Queue")
    return { arn: `arn:aws:sqs:us-east-1:000000000000:${inputs.name}`, url: `url of ${name}` };
  return { value: "s".repeat(43) };
};

// A module runs once: its program is looked at from several sides.
const run = program(() => import("../../infra/index.ts"), { config, stack: "local", state: made });
const resources = async () => (await run).resources;
const line = ({ type, name, parent }: Registered) => `${parent ?? ""} > ${type} ${name}`;

describe("the program of the example skill on local brokers", () => {
  it("declares exactly these resources", async () => {
    expect((await resources()).map(line).sort().join("\n")).toMatchInlineSnapshot(`
      " > messaging-extras:index:Cluster kafka
       > messaging-extras:index:Cluster rabbitmq
       > messaging-extras:index:Cluster sqs
       > messaging-extras:index:EnvironmentSecret environment-secret
       > messaging:index:Messaging messaging
       > messaging:local:Kafka kafka
       > messaging:local:LocalStack localstack
       > messaging:local:Rabbitmq rabbitmq
       > pulumi:providers:aws aws
       > pulumi:providers:kafka kafka
       > pulumi:providers:rabbitmq rabbitmq
      fulfilment > messaging-extras:rabbitmq:TopicPermissions fulfilment
      fulfilment > rabbitmq:index/permissions:Permissions fulfilment
      fulfilment > rabbitmq:index/topicPermissions:TopicPermissions fulfilment
      fulfilment > rabbitmq:index/user:User fulfilment
      kafka > docker:index/container:Container kafka
      kafka > docker:index/remoteImage:RemoteImage kafka
      kafka > docker:index/volume:Volume kafka
      kafka > messaging:local:BrokerContainer kafka
      localstack > docker:index/container:Container localstack
      localstack > docker:index/remoteImage:RemoteImage localstack
      localstack > docker:index/volume:Volume localstack
      localstack > messaging:local:BrokerContainer localstack
      messaging > messaging:kafka:KafkaApp notification-service
      messaging > messaging:kafka:KafkaApp order-service
      messaging > messaging:kafka:PartitionedTopic user-events
      messaging > messaging:rabbitmq:DurableQueue orders
      messaging > messaging:rabbitmq:RabbitmqApp fulfilment
      messaging > messaging:rabbitmq:RabbitmqApp order-service
      messaging > messaging:rabbitmq:RetryTier messaging.retry.1000ms
      messaging > messaging:rabbitmq:RetryTier messaging.retry.2000ms
      messaging > messaging:rabbitmq:VirtualHost orders
      messaging > messaging:redis:RedisInstance notifications
      messaging > messaging:sqs:FifoQueue payments
      messaging.retry.1000ms > rabbitmq:index/binding:Binding messaging.retry.1000ms
      messaging.retry.1000ms > rabbitmq:index/exchange:Exchange messaging.retry.1000ms
      messaging.retry.1000ms > rabbitmq:index/policy:Policy messaging.retry.1000ms
      messaging.retry.1000ms > rabbitmq:index/queue:Queue messaging.retry.1000ms
      messaging.retry.2000ms > rabbitmq:index/binding:Binding messaging.retry.2000ms
      messaging.retry.2000ms > rabbitmq:index/exchange:Exchange messaging.retry.2000ms
      messaging.retry.2000ms > rabbitmq:index/policy:Policy messaging.retry.2000ms
      messaging.retry.2000ms > rabbitmq:index/queue:Queue messaging.retry.2000ms
      notification-service > kafka:index/acl:Acl notification-service/Group/notification-service/Read
      notification-service > kafka:index/acl:Acl notification-service/Topic/user-events.notification-service.dlt/Write
      notification-service > kafka:index/acl:Acl notification-service/Topic/user-events.notification-service.retry.1000/Read
      notification-service > kafka:index/acl:Acl notification-service/Topic/user-events.notification-service.retry.1000/Write
      notification-service > kafka:index/acl:Acl notification-service/Topic/user-events.notification-service.retry.2000/Read
      notification-service > kafka:index/acl:Acl notification-service/Topic/user-events.notification-service.retry.2000/Write
      notification-service > kafka:index/acl:Acl notification-service/Topic/user-events/Read
      notification-service > kafka:index/userScramCredential:UserScramCredential notification-service
      notifications > docker:index/container:Container notifications
      notifications > docker:index/remoteImage:RemoteImage notifications
      notifications > docker:index/volume:Volume notifications
      notifications > messaging-extras:index:Cluster notifications
      notifications > messaging-extras:redis:ConsumerGroup notifications/emails/mailer
      notifications > messaging-extras:redis:Settings notifications
      notifications > messaging-extras:redis:User notifications/fulfilment
      notifications > messaging-extras:redis:User notifications/notification-service
      notifications > messaging-extras:redis:User notifications/order-service
      notifications > messaging:local:BrokerContainer notifications
      notifications > pulumi:providers:messaging-extras notifications
      order-service > kafka:index/acl:Acl order-service/Topic/user-events/Write
      order-service > kafka:index/quota:Quota order-service
      order-service > kafka:index/userScramCredential:UserScramCredential order-service
      order-service > messaging-extras:rabbitmq:TopicPermissions order-service
      order-service > rabbitmq:index/permissions:Permissions order-service
      order-service > rabbitmq:index/topicPermissions:TopicPermissions order-service
      order-service > rabbitmq:index/user:User order-service
      orders > rabbitmq:index/binding:Binding orders.dlq
      orders > rabbitmq:index/binding:Binding orders/order-events/order.*
      orders > rabbitmq:index/exchange:Exchange orders/messaging.dead-letter
      orders > rabbitmq:index/exchange:Exchange orders/order-events
      orders > rabbitmq:index/policy:Policy orders
      orders > rabbitmq:index/policy:Policy orders.dlq
      orders > rabbitmq:index/queue:Queue orders
      orders > rabbitmq:index/queue:Queue orders.dlq
      orders > rabbitmq:index/vHost:VHost orders
      payments > aws:sqs/queue:Queue payments
      payments > aws:sqs/queue:Queue payments-dlq
      payments > aws:sqs/queuePolicy:QueuePolicy payments-dlq-policy
      payments > aws:sqs/queuePolicy:QueuePolicy payments-policy
      payments > aws:sqs/redriveAllowPolicy:RedriveAllowPolicy payments-redrive-allow
      payments > aws:sqs/redrivePolicy:RedrivePolicy payments-redrive
      rabbitmq > docker:index/container:Container rabbitmq
      rabbitmq > docker:index/remoteImage:RemoteImage rabbitmq
      rabbitmq > docker:index/volume:Volume rabbitmq
      rabbitmq > messaging:local:BrokerContainer rabbitmq
      user-events > kafka:index/topic:Topic user-events
      user-events > kafka:index/topic:Topic user-events.notification-service.dlt
      user-events > kafka:index/topic:Topic user-events.notification-service.retry.1000
      user-events > kafka:index/topic:Topic user-events.notification-service.retry.2000"
    `);
  });

  it("makes each provider's password secret", async () => {
    const providers = (await resources()).filter(({ type }) =>
      /^pulumi:providers:(rabbitmq|kafka|messaging-extras)$/.test(type),
    );
    expect(providers.map(({ type, inputs }) => [type, (inputs.password ?? inputs.saslPassword) as object])).toEqual(
      providers.map(({ type }) => [type, secret(expect.any(String))]),
    );
    expect(providers).toHaveLength(3);
  });

  it("asks each broker which cluster it is before anything on it is touched", async () => {
    const all = await resources();
    const clusters = all.filter(({ type }) => type === "messaging-extras:index:Cluster");
    expect(clusters.map(({ inputs, deletedWith }) => [inputs.broker, deletedWith]).sort()).toEqual([
      ["kafka", "kafka"],
      ["rabbitmq", "rabbitmq"],
      ["redis/notifications", "notifications"],
      ["sqs", "localstack"],
    ]);
    const providers = all.filter(({ type }) => /^pulumi:providers:(rabbitmq|kafka|aws|messaging-extras)$/.test(type));
    expect(providers.map(({ name, dependencies }) => [name, dependencies]).sort()).toEqual([
      ["aws", expect.arrayContaining(["sqs"])],
      ["kafka", expect.arrayContaining(["kafka"])],
      ["notifications", expect.arrayContaining(["notifications"])],
      ["rabbitmq", expect.arrayContaining(["rabbitmq"])],
    ]);
  });

  it("lets everything on a broker go with the broker's volume", async () => {
    const onBrokers = (await resources()).filter(({ type }) => /^messaging:(rabbitmq|kafka|sqs):/.test(type));
    const expected = { rabbitmq: "rabbitmq", kafka: "kafka", sqs: "localstack" } as Record<string, string>;
    expect(onBrokers.length).toBeGreaterThan(0);
    expect(onBrokers.filter(({ type, deletedWith }) => deletedWith !== expected[type.split(":")[1]!])).toEqual([]);
  });

  it("gives one replica to each topic, because there is one broker", async () => {
    const topics = (await resources()).filter(({ type }) => type === "kafka:index/topic:Topic");
    expect(topics.map(({ name, inputs }) => [name, inputs.replicationFactor]).sort()).toEqual([
      ["user-events", 1],
      ["user-events.notification-service.dlt", 1],
      ["user-events.notification-service.retry.1000", 1],
      ["user-events.notification-service.retry.2000", 1],
    ]);
  });

  it("outputs passwords as secrets and the rest in clear", async () => {
    const { outputs } = await run;
    const access = outputs!.apps["order-service"] as Record<string, { url?: unknown; password: unknown }>;
    expect(Object.keys(outputs!.apps)).toEqual([
      "order-service",
      "fulfilment",
      "notification-service",
      "payment-service",
    ]);
    expect(await resolve(access.rabbitmq!.password)).toMatchObject({ isSecret: true });
    expect(await resolve(access.rabbitmq!.url)).toEqual({ value: "amqp://127.0.0.1:5672", isSecret: false });
    const operator = await resolve(outputs!.operator);
    expect([Object.keys(operator.value), operator.isSecret]).toEqual([
      ["environment", "retry", "rabbitmq", "kafka", "sqs", "redis"],
      true,
    ]);
  });
});
