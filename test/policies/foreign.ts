import type { Fake } from "./fake.ts";

// Resources as programs that know nothing of ours declare them.

/** A RabbitMQ queue whose arguments are a map of text. */
export const queue = (name: string, args: object = {}, rest: Partial<Fake> = {}): Fake => ({
  type: "rabbitmq:index/queue:Queue",
  name,
  props: { name, vhost: "/", settings: { durable: true, arguments: args } },
  ...rest,
});

/** A RabbitMQ queue whose arguments are JSON. */
export const jsonQueue = (name: string, args: object): Fake => ({
  type: "rabbitmq:index/queue:Queue",
  name,
  props: { name, vhost: "/", settings: { durable: true, argumentsJson: JSON.stringify(args) } },
});

export const exchange = (name: string, type = "fanout"): Fake => ({
  type: "rabbitmq:index/exchange:Exchange",
  name: `exchange ${name}`,
  props: { name, vhost: "/", settings: { type, durable: true } },
});

export const binding = (source: string, destination: string, routingKey = "", destinationType = "queue"): Fake => ({
  type: "rabbitmq:index/binding:Binding",
  name: `${source} to ${destination}`,
  props: { source, destination, destinationType, routingKey, vhost: "/" },
});

export const policy = (pattern: string, definition: object, priority = 0, applyTo = "queues"): Fake => ({
  type: "rabbitmq:index/policy:Policy",
  name: `policy ${pattern}`,
  props: { name: pattern, vhost: "/", policy: { pattern, priority, applyTo, definition } },
});

export const topic = (
  name: string,
  partitions = 3,
  config: object = {},
  rest: Partial<Fake> & { replicas?: number } = {},
): Fake => ({
  type: "kafka:index/topic:Topic",
  name,
  props: { name, partitions, replicationFactor: rest.replicas ?? 3, config: { "min.insync.replicas": "2", ...config } },
  ...rest,
});

export const arnOf = (name: string) => `arn:aws:sqs:eu-central-1:123456789012:${name}`;

export const sqs = (name: string, props: object = {}, rest: Partial<Fake> = {}): Fake => ({
  type: "aws:sqs/queue:Queue",
  name,
  props: { name, arn: arnOf(name), url: `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}`, ...props },
  ...rest,
});

export const redrive = (deadLetterQueue: string) =>
  JSON.stringify({ deadLetterTargetArn: arnOf(deadLetterQueue), maxReceiveCount: 3 });

export const queuePolicy = (queueName: string, statements: object[]): Fake => ({
  type: "aws:sqs/queuePolicy:QueuePolicy",
  name: `${queueName}-policy`,
  props: {
    queueUrl: `https://sqs.eu-central-1.amazonaws.com/123456789012/${queueName}`,
    policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
  },
});

export const container = (name: string, props: object): Fake => ({
  type: "docker:index/container:Container",
  name,
  props: { name, image: "redis:8", ...props },
});

export const provider = (kind: string, props: object): Fake => ({
  type: `pulumi:providers:${kind}`,
  name: "main",
  props,
});
