import { describe, expect, it } from "vitest";
import { deadLetterRetention } from "../../policies/rules/deadLetterRetention.ts";
import { findings } from "./fake.ts";
import { binding, exchange, policy, queue, redrive, sqs } from "./foreign.ts";

describe("dead letters of SQS", () => {
  const pair = (own?: number, deadLetters?: number) => [
    sqs("payments", { redrivePolicy: redrive("payments-dlq"), messageRetentionSeconds: own }),
    sqs("payments-dlq", { messageRetentionSeconds: deadLetters }),
  ];

  it("are kept as long as messages, SQS's default of four days included", async () => {
    expect(await findings(deadLetterRetention, pair(345_600, 1_209_600))).toEqual([]);
    expect(await findings(deadLetterRetention, pair(345_600))).toEqual([]);
    const rule = "payments-dlq: sqs/payments-dlq: must keep dead letters as long as payments keeps messages";
    expect(await findings(deadLetterRetention, pair(1_209_600))).toEqual([`${rule}, 1209600 s, got 345600 s`]);
    expect(await findings(deadLetterRetention, pair(undefined, 86_400))).toEqual([`${rule}, 345600 s, got 86400 s`]);
  });
});

describe("dead letters of RabbitMQ", () => {
  const orders = (args: object = {}) => queue("orders", { "x-dead-letter-exchange": "failed", ...args });
  const failed = [exchange("failed"), binding("failed", "parking")];

  it("are kept as long as messages that have a time", async () => {
    const timed = orders({ "x-message-ttl": "60000" });
    expect(await findings(deadLetterRetention, [timed, queue("parking"), ...failed])).toEqual([]);
    expect(
      await findings(deadLetterRetention, [timed, queue("parking", { "x-message-ttl": "60000" }), ...failed]),
    ).toEqual([]);
    expect(
      await findings(deadLetterRetention, [orders(), queue("parking", { "x-message-ttl": "5000" }), ...failed]),
    ).toEqual([]);
    const short = policy("^parking$", { "message-ttl": "5000" });
    expect(await findings(deadLetterRetention, [timed, queue("parking"), short, ...failed])).toEqual([
      "parking: rabbitmq/parking: must keep dead letters as long as orders keeps messages, 60000 ms, got 5000 ms",
    ]);
  });

  it("are not in a queue that goes when nobody consumes it", async () => {
    expect(
      await findings(deadLetterRetention, [orders(), queue("parking", { "x-expires": "3600000" }), ...failed]),
    ).toEqual(["parking: rabbitmq/parking: must stay while nobody consumes it, got expires 3600000 ms"]);
  });
});
