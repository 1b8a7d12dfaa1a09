import { describe, expect, it } from "vitest";
import { rabbitmqDeadLetters } from "../../policies/rules/rabbitmqDeadLetters.ts";
import { sqsDeadLetters } from "../../policies/rules/sqsDeadLetters.ts";
import { findings, UNKNOWN_TEXT } from "./fake.ts";
import { arnOf, binding, exchange, jsonQueue, policy, queue, redrive, sqs } from "./foreign.ts";

describe("a RabbitMQ queue", () => {
  const dlx = { "x-dead-letter-exchange": "failed" };
  const failed = [exchange("failed"), queue("parking"), binding("failed", "parking")];
  const of = (...fakes: Parameters<typeof findings>[1]) => findings(rabbitmqDeadLetters, fakes);

  it("without a dead-letter exchange is told", async () => {
    expect(await of(queue("orders"))).toEqual(["orders: rabbitmq/orders: must have a dead-letter exchange, got none"]);
  });

  it("that is a dead-letter queue by its name and into which nothing leads any more is being emptied", async () => {
    expect(await of(queue("orders.dlq"))).toEqual([]);
    expect(await of(queue("orders.dlq"), exchange("work"), binding("work", "orders.dlq"))).toHaveLength(1);
    expect(
      await findings(rabbitmqDeadLetters, [queue("orders.dlq")], { config: { deadLetterQueues: ["*.dead"] } }),
    ).toHaveLength(1);
  });

  it("with one in its arguments, as a map, as JSON or in a policy, is fine, and so is the queue where they end", async () => {
    expect(await of(queue("orders", dlx), ...failed)).toEqual([]);
    expect(await of(jsonQueue("orders", dlx), ...failed)).toEqual([]);
    expect(await of(queue("orders"), policy("^orders$", { "dead-letter-exchange": "failed" }), ...failed)).toEqual([]);
  });

  it("gets only the policy of the highest priority that applies to it", async () => {
    const low = policy(".*", { "dead-letter-exchange": "failed" }, 0);
    const none = ["orders: rabbitmq/orders: must have a dead-letter exchange, got none"];
    expect(await of(queue("orders"), low, policy("^ord", { "max-length": "5" }, 7), ...failed)).toEqual(none);
    expect(await of(queue("orders"), low, policy("^ord", { "max-length": "5" }, 7, "exchanges"), ...failed)).toEqual(
      [],
    );
    const ofQuorum = policy(".*", { "dead-letter-exchange": "failed" }, 0, "quorum_queues");
    expect(await of(jsonQueue("orders", { "x-queue-type": "classic" }), ofQuorum, ...failed)).toEqual(none);
    expect(await of(jsonQueue("orders", { "x-queue-type": "quorum" }), ofQuorum, ...failed)).toEqual([]);
  });

  it("whose dead-letter exchange leads to no queue is told where it breaks off", async () => {
    expect(await of(queue("orders", dlx))).toEqual([
      "orders: rabbitmq/orders: must dead-letter into a queue, got nothing: neither exchange failed nor a queue bound to it is declared",
    ]);
    expect(await of(queue("orders", dlx), exchange("failed"))).toEqual([
      "orders: rabbitmq/orders: must dead-letter into a queue, got nothing: no queue is bound to exchange failed",
    ]);
    expect(await of(queue("orders", { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "away" }))).toEqual([
      "orders: rabbitmq/orders: must dead-letter into a queue, got nothing: no queue away is declared",
    ]);
  });

  it.each([
    ["direct", "orders", true],
    ["direct", "order", false],
    ["topic", "#", true],
    ["topic", "orders.#", true],
    ["topic", "*", true],
    ["topic", "#.orders", true],
    ["topic", "*.orders", false],
    ["fanout", "anything", true],
  ])("of a %s exchange goes by a binding of %s: %s", async (type, key, goes) => {
    const found = await of(
      queue("orders", { ...dlx, "x-dead-letter-routing-key": "orders" }),
      exchange("failed", type),
      queue("parking", dlx),
      binding("failed", "parking", key),
    );
    expect(found.filter((line) => line.startsWith("orders"))).toEqual(
      goes
        ? []
        : [
            "orders: rabbitmq/orders: must dead-letter into a queue, got nothing: no queue is bound to exchange failed with key orders",
          ],
    );
  });

  it("may dead-letter through a chain of exchanges, and is not led astray by a circle of them", async () => {
    const chain = [
      exchange("failed"),
      exchange("all"),
      binding("failed", "all", "", "exchange"),
      binding("all", "failed", "", "exchange"),
    ];
    expect(await of(queue("orders", dlx), ...chain)).toHaveLength(1);
    expect(await of(queue("orders", dlx), ...chain, queue("parking"), binding("all", "parking"))).toEqual([]);
  });

  it("is not taken for a dead-letter queue because a delay leads back to it", async () => {
    const tier = queue("orders.retry", { "x-dead-letter-exchange": "back", "x-message-ttl": "5000" });
    expect(await of(queue("orders"), tier, exchange("back"), binding("back", "orders"))).toEqual([
      "orders: rabbitmq/orders: must have a dead-letter exchange, got none",
    ]);
  });

  it("in another vhost has nothing of this one", async () => {
    const other = { ...queue("orders"), props: { name: "orders", vhost: "other", settings: {} } };
    expect(await of(other, policy(".*", { "dead-letter-exchange": "failed" }), ...failed, queue("more", dlx))).toEqual([
      "orders: rabbitmq/orders: must have a dead-letter exchange, got none",
    ]);
  });

  it("that is a stream, is excepted or is not known yet is passed over", async () => {
    expect(await of(jsonQueue("events", { "x-queue-type": "stream" }))).toEqual([]);
    expect(await findings(rabbitmqDeadLetters, [queue("replies.eu")], { config: { except: ["replies.*"] } })).toEqual(
      [],
    );
    const open = {
      ...queue("orders"),
      props: { name: "orders", vhost: "/", settings: { argumentsJson: UNKNOWN_TEXT } },
    };
    expect(await of(open)).toEqual([]);
  });
});

describe("an SQS queue", () => {
  const of = (...fakes: Parameters<typeof findings>[1]) => findings(sqsDeadLetters, fakes);
  const none = ["payments: sqs/payments: must have a redrive policy, got none"];

  it("without a redrive policy is told", async () => {
    expect(await of(sqs("payments"))).toEqual(none);
    expect(await of(sqs("payments", { redrivePolicy: "" }))).toEqual(none);
  });

  it("with one of its own is fine, and so is the queue that it names", async () => {
    expect(await of(sqs("payments", { redrivePolicy: redrive("payments-dlq") }), sqs("payments-dlq"))).toEqual([]);
  });

  it("with a RedrivePolicy beside it is fine", async () => {
    const beside = {
      type: "aws:sqs/redrivePolicy:RedrivePolicy",
      name: "payments-redrive",
      props: {
        queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/payments",
        redrivePolicy: redrive("payments-dlq"),
      },
    };
    expect(await of(sqs("payments"), sqs("payments-dlq"), beside)).toEqual([]);
    expect(await of(sqs("billing"), sqs("payments-dlq"), beside)).toEqual([
      "billing: sqs/billing: must have a redrive policy, got none",
    ]);
  });

  it("is judged before an up by what its unknown attributes are computed from", async () => {
    const fresh = (name: string) =>
      sqs(name, { arn: UNKNOWN_TEXT, url: UNKNOWN_TEXT, redrivePolicy: UNKNOWN_TEXT, tagsAll: UNKNOWN_TEXT });
    const beside = {
      type: "aws:sqs/redrivePolicy:RedrivePolicy",
      name: "payments-redrive",
      props: { queueUrl: UNKNOWN_TEXT, redrivePolicy: UNKNOWN_TEXT },
      from: { queueUrl: ["payments"], redrivePolicy: ["payments-dlq"] },
    };
    expect(await of(fresh("payments"), fresh("payments-dlq"), beside)).toEqual([]);
    expect(
      await of({ ...fresh("payments"), from: { redrivePolicy: ["payments-dlq"] } }, fresh("payments-dlq")),
    ).toEqual([]);
    expect(await of(fresh("payments"))).toEqual(none);
  });

  it("that others send what they give up is no work queue", async () => {
    const subscription = {
      type: "aws:sns/topicSubscription:TopicSubscription",
      name: "to-lambda",
      props: { redrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf("parking") }) },
    };
    const lambda = {
      type: "aws:lambda/function:Function",
      name: "fn",
      props: { deadLetterConfig: { targetArn: arnOf("parking") } },
    };
    expect(await of(sqs("parking"), subscription)).toEqual([]);
    expect(await of(sqs("parking"), lambda)).toEqual([]);
    expect(await of(sqs("parking", { redriveAllowPolicy: JSON.stringify({ redrivePermission: "allowAll" }) }))).toEqual(
      [],
    );
  });

  it("that is to block says so by a tag", async () => {
    expect(await of(sqs("payments", { tags: { "messaging:onPoison": "block" } }))).toEqual([]);
    expect(await of(sqs("payments", { tags: { team: "block" } }))).toEqual(none);
  });
});
