import { describe, expect, it } from "vitest";
import type { Broker } from "../../../cli/invoke/brokers.ts";
import { choose } from "../../../cli/invoke/choose.ts";

/** What people ask for, and the broker by the comparison. */
const QUERIES: [query: string, broker: Broker][] = [
  ["Set up RabbitMQ for my microservices", "rabbitmq"],
  ["Implement event-driven order processing", "kafka"],
  ["Configure Kafka for high-throughput messaging", "kafka"],
  ["a task queue for sending emails", "rabbitmq"],
  ["background jobs for image resizing", "rabbitmq"],
  ["RPC between the web and the pricing service", "rabbitmq"],
  ["request/reply between checkout and tax", "rabbitmq"],
  ["let my microservices talk to each other", "rabbitmq"],
  ["work queue with retries and a dead letter queue", "rabbitmq"],
  ["route orders by region with a topic exchange", "rabbitmq"],
  ["long-running video transcoding jobs", "rabbitmq"],
  ["generate PDFs for invoices asynchronously", "rabbitmq"],
  ["event sourcing for bank accounts", "kafka"],
  ["ship logs from 200 servers", "kafka"],
  ["clickstream analytics for the shop", "kafka"],
  ["ingest 100k messages per second from sensors", "kafka"],
  ["audit log that can be replayed", "kafka"],
  ["CDC from Postgres to the search index", "kafka"],
  ["an event bus with several consumer groups", "kafka"],
  ["stream user activity into the data lake", "kafka"],
  ["keep the history of prices and read it again", "kafka"],
  ["IoT telemetry pipeline", "kafka"],
  ["real-time fan-out of scores to web sockets", "redis"],
  ["live dashboard updates", "redis"],
  ["chat with presence and typing indicators", "redis"],
  ["broadcast cache invalidation to all instances", "redis"],
  ["pub/sub for price changes", "redis"],
  ["a session store and low-latency cache", "redis"],
  ["push notifications to whoever is online", "redis"],
  ["serverless order intake on AWS", "sqs"],
  ["trigger a Lambda for every upload", "sqs"],
  ["FIFO queue in AWS without servers to run", "sqs"],
  ["decouple two Fargate containers, fully managed", "sqs"],
  ["SQS between API Gateway and Lambda", "sqs"],
  ["migrate from RabbitMQ to Kafka", "kafka"],
  ["task queue, but not RabbitMQ, we are on AWS Lambda", "sqs"],
  ["a real-time task queue on Kafka", "kafka"],
  ["use Valkey for live updates", "redis"],
  ["ПОМОГИТЕ с очередью", "rabbitmq"],
  ["hello there, what can you do?", "rabbitmq"],
];

describe("choose", () => {
  it.each(QUERIES)("%s: %s", (query, broker) => {
    expect(choose(query, undefined, []).broker).toBe(broker);
  });

  it("says which words led there, and what each other broker would have been for", () => {
    expect(choose("Replay click events, and a work queue beside it", undefined, [])).toMatchInlineSnapshot(`
      {
        "broker": "kafka",
        "others": [
          "RabbitMQ would be for task queues, routing between services and RPC: "work queue".",
          "SQS would be for serverless on AWS.",
          "Redis would be for real-time fan-out to whoever is listening.",
        ],
        "why": "Kafka, for event streams and logs that are kept, read by many and read again: the query says "replay", "events".",
      }
    `);
  });

  it("says that --broker decided, and what the query by itself would have led to", () => {
    expect(choose("Configure Kafka for high-throughput messaging", "rabbitmq", []).why).toMatchInlineSnapshot(
      `"RabbitMQ, as --broker asks for it; it is for task queues, routing between services and RPC. The query by itself would have led to Kafka: "kafka", "high-throughput"."`,
    );
    expect(choose("a task queue", "rabbitmq", []).why).toMatchInlineSnapshot(
      `"RabbitMQ, as --broker asks for it; it is for task queues, routing between services and RPC."`,
    );
  });

  it("decides a tie for what the skill has already, else for what keeps messages", () => {
    const tied = "rpc and pub/sub";
    expect(choose(tied, undefined, []).why).toMatchInlineSnapshot(
      `"RabbitMQ, for task queues, routing between services and RPC: the query says "rpc". As much speaks for Redis; RabbitMQ was taken, as it keeps what nobody has handled, and is the easier to leave again."`,
    );
    expect(choose(tied, undefined, ["redis"]).why).toMatchInlineSnapshot(
      `"Redis, for real-time fan-out to whoever is listening: the query says "pub/sub". As much speaks for RabbitMQ; Redis was taken, as skill.yaml uses it already."`,
    );
  });

  it("says that it takes a default where nothing speaks for a broker", () => {
    expect(choose("hello there", undefined, []).why).toMatchInlineSnapshot(
      `"RabbitMQ by default, as nothing in the query speaks for a broker: a durable queue with retries and dead letters suits most, and is the easiest to leave again."`,
    );
    expect(choose("hello there", undefined, ["kafka"]).why).toMatchInlineSnapshot(
      `"Kafka by default, as nothing in the query speaks for a broker: skill.yaml uses it already, so nothing more has to be run."`,
    );
  });

  it("says of a broker that the query does not want it", () => {
    expect(choose("a task queue instead of Kafka", undefined, []).others).toMatchInlineSnapshot(`
      [
        "Kafka would be for event streams and logs that are kept, read by many and read again; the query does not want it.",
        "SQS would be for serverless on AWS.",
        "Redis would be for real-time fan-out to whoever is listening.",
      ]
    `);
  });
});
