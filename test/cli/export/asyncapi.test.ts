import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { asyncapiDocument } from "../../../cli/export/asyncapi/document.ts";
import { asyncapiText } from "../../../cli/export/asyncapi/index.ts";
import { HEADERS } from "../../../client/headers.ts";
import { parseEnvironment } from "../../../skill/index.ts";
import { arbitrarySkill } from "./arbitrary.ts";
import { danglingReferences, schemaProblems } from "./asyncapi.schema.ts";
import { skillOf, skills } from "./skills.ts";

const problemsOf = (document: object) => [...schemaProblems(document), ...danglingReferences(document)];
const example = skillOf("skill.yaml");

describe("the AsyncAPI document", () => {
  it.each(skills)("of %s is valid by the published schema, and its references lead somewhere", (_, skill) => {
    expect(problemsOf(asyncapiDocument({ skill }))).toEqual([]);
  });

  it("of any good skill is valid, and reads the same as YAML and as JSON", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(arbitrarySkill, (skill) => {
        const document = asyncapiDocument({ skill });
        expect(problemsOf(document)).toEqual([]);
        const json = JSON.parse(asyncapiText({ skill }, true));
        expect(parse(asyncapiText({ skill }, false), { maxAliasCount: 0 })).toEqual(json);
      }),
      { numRuns: 120 },
    );
  });

  it("leaves out a cleanup policy that the schema does not know", () => {
    const skill = structuredClone(example);
    skill.kafka!.topics["user-events"]!.config = { "cleanup.policy": "orders.dlq" };
    expect(problemsOf(asyncapiDocument({ skill }))).toEqual([]);
  });

  it("is refused by the schema where a binding or a reference is wrong", () => {
    const document = structuredClone(asyncapiDocument({ skill: example }));
    document.channels["sqs-queue.payments.fifo"].bindings.sqs.queue.fifoQueue = "yes";
    document.channels["kafka-topic.user-events"].messages.message.$ref = "#/components/messages/none";
    expect(problemsOf(document)).toEqual([
      "/channels/sqs-queue.payments.fifo must have required property '$ref'",
      "/channels/sqs-queue.payments.fifo/bindings must have required property '$ref'",
      "/channels/sqs-queue.payments.fifo/bindings/sqs/queue/fifoQueue must be boolean",
      '/channels/sqs-queue.payments.fifo/bindings/sqs must match "then" schema',
      "/channels/sqs-queue.payments.fifo/bindings must match exactly one schema in oneOf",
      "/channels/sqs-queue.payments.fifo must match exactly one schema in oneOf",
      "#/components/messages/none",
    ]);
  });

  it("has what each app of the example does, retries and dead letters included", () => {
    expect(Object.keys(asyncapiDocument({ skill: example }).operations)).toMatchInlineSnapshot(`
      [
        "order-service.send.rabbitmq-route.order-events.order._-bacc3b7f",
        "fulfilment.receive.rabbitmq-queue.orders",
        "fulfilment.send.rabbitmq-queue.messaging.retry.1000ms",
        "fulfilment.send.rabbitmq-queue.messaging.retry.2000ms",
        "fulfilment.send.rabbitmq-queue.orders.dlq",
        "order-service.send.kafka-topic.user-events",
        "notification-service.notification-service.receive.kafka-topic.user-events",
        "notification-service.notification-service.send.kafka-topic.user-events.notification-service.retry.1000",
        "notification-service.notification-service.receive.kafka-topic.user-events.notification-service.retry.1000",
        "notification-service.notification-service.send.kafka-topic.user-events.notification-service.retry.2000",
        "notification-service.notification-service.receive.kafka-topic.user-events.notification-service.retry.2000",
        "notification-service.notification-service.send.kafka-topic.user-events.notification-service.dlt",
        "payment-service.send.sqs-queue.payments.fifo",
        "fulfilment.receive.sqs-queue.payments.fifo",
        "fulfilment.send.sqs-queue.payments-dlq.fifo",
        "order-service.send.redis-channel.notifications.order__-37ed475b",
        "notification-service.receive.redis-channel.notifications.order__-37ed475b",
        "notification-service.send.redis-stream.notifications.emails",
        "fulfilment.mailer.receive.redis-stream.notifications.emails",
        "fulfilment.mailer.send.redis-stream.notifications.emails.mailer.dlq",
      ]
    `);
  });

  it("says of a consumer how it retries and where messages wait and end", () => {
    const { operations } = asyncapiDocument({ skill: example });
    expect(operations["fulfilment.receive.rabbitmq-queue.orders"]).toMatchInlineSnapshot(`
      {
        "action": "receive",
        "bindings": {
          "amqp": {
            "ack": true,
            "bindingVersion": "0.3.0",
          },
        },
        "channel": {
          "$ref": "#/channels/rabbitmq-queue.orders",
        },
        "messages": [
          {
            "$ref": "#/channels/rabbitmq-queue.orders/messages/message",
          },
        ],
        "tags": [
          {
            "name": "fulfilment",
          },
        ],
        "title": "fulfilment consumes orders",
        "x-app": "fulfilment",
        "x-dead-letters": {
          "$ref": "#/channels/rabbitmq-queue.orders.dlq",
        },
        "x-prefetch": 1,
        "x-retry": {
          "backoff": "exponential",
          "channels": [
            {
              "$ref": "#/channels/rabbitmq-queue.messaging.retry.1000ms",
            },
            {
              "$ref": "#/channels/rabbitmq-queue.messaging.retry.2000ms",
            },
          ],
          "delays": [
            1000,
            2000,
          ],
          "initialDelay": "1s",
          "maxAttempts": 3,
          "maxDelay": "5m",
        },
      }
    `);
  });

  it("knows every header of the contract", () => {
    const { headers, failureHeaders } = asyncapiDocument({ skill: example }).components.schemas;
    const known = [headers, failureHeaders.allOf[1]].flatMap((schema) =>
      Object.keys((schema as { properties?: object }).properties ?? {}),
    );
    expect(known.sort()).toEqual(Object.values(HEADERS).sort());
  });

  it("names the servers of an environment, elsewhere", () => {
    const environment = {
      name: "prod",
      ...parseEnvironment({
        brokers: "external",
        rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "admin" },
        kafka: { bootstrapServers: ["k1:9092", "k2:9092"], username: "admin", saslMechanism: "scram-sha256" },
        aws: { region: "eu-central-1" },
        redis: { provision: "elasticache" },
      }),
    };
    const document = asyncapiDocument({ skill: example, environment });
    expect(problemsOf(document)).toEqual([]);
    expect(
      Object.entries(document.servers ?? {}).map(
        ([id, { host, protocol, pathname = "" }]) => `${id} ${protocol}://${host}${pathname}`,
      ),
    ).toEqual([
      "rabbitmq amqps://rabbit.example.org:5671/orders",
      "kafka-1 kafka-secure://k1:9092",
      "kafka-2 kafka-secure://k2:9092",
      "sqs sqs://sqs.eu-central-1.amazonaws.com",
      "redis-notifications rediss://{address}",
    ]);
    expect(document.channels["kafka-topic.user-events"].servers).toHaveLength(2);
  });
});
