import { describe, expect, it } from "vitest";
import { connect } from "../../../client/index.ts";
import { allDeadLetters, operate } from "../../../client/operate.ts";
import { treat } from "../../../client/redrive.ts";
import { itKeepsDeadLetters, type Subject } from "../../client/deadLettersSpec.ts";
import { retries } from "./environment.ts";
import { until } from "./rabbitmqTools.ts";

/** Flows whose messages end soon, with their producers and consumers. */
const FLOWS = [
  { flow: "rabbitmq/audits", publish: "rabbitmq/audits", from: "billing", by: "worker" },
  { flow: "kafka/user-events/notify", publish: "kafka/user-events", from: "shop", by: "worker" },
  { flow: "sqs/refunds", publish: "sqs/refunds", from: "shop", by: "billing" },
  {
    flow: "redis/notifications/receipts/printer",
    publish: "redis/notifications/receipts",
    from: "billing",
    by: "worker",
  },
] as const;

describe.each(FLOWS)("the dead letters of $flow", ({ flow, publish, from, by }) => {
  itKeepsDeadLetters(async (): Promise<Subject> => {
    const { apps, operator } = retries();
    const brokers = await operate(operator);
    const letters = allDeadLetters(brokers).find((one) => one.flow === flow)!;
    const [producer, consumer] = [connect(apps[from]), connect(apps[by])];
    return {
      letters,
      async fill(ids) {
        const failing = await consumer.consume(publish, () => {
          throw new Error("no");
        });
        for (const id of ids) await producer.publish(publish, { id, body: id });
        await until("all are dead letters", async () => (await letters.count()).messages === ids.length);
        await failing.stop();
      },
      async redriven() {
        const got: { id: string; headers: Record<string, string> }[] = [];
        const taking = await consumer.consume(publish, ({ id, headers }) => void got.push({ id, headers }));
        await until("one is redriven", () => got.length > 0);
        await taking.stop();
        return got;
      },
      async close() {
        await Promise.all([producer.close(), consumer.close(), ...brokers.map(({ operator }) => operator.close())]);
      },
    };
  });
});

it("Dead letters of a quorum queue keep their order, however often they are looked at", async () => {
  const { apps, operator } = retries();
  const brokers = await operate(operator);
  const letters = allDeadLetters(brokers).find(({ flow }) => flow === "rabbitmq/audits")!;
  const [billing, worker] = [connect(apps.billing), connect(apps.worker)];
  const ids = ["a", "b", "c", "d", "e"];
  const failing = await worker.consume("rabbitmq/audits", () => {
    throw new Error("no");
  });
  for (const id of ids) await billing.publish("rabbitmq/audits", { id, body: id });
  await until("all are dead letters", async () => (await letters.count()).messages === ids.length);
  await failing.stop();
  const orders = async (limit: number) => (await letters.peek(limit)).map(({ id }) => id);
  expect(await orders(2)).toEqual(["a", "b"]);
  await treat(letters, { id: "dry", action: "count" });
  for (let times = 0; times < 3; times++) await letters.count();
  expect([await orders(3), await orders(3), await orders(9)]).toEqual([["a", "b", "c"], ["a", "b", "c"], ids]);
  expect(await treat(letters, { id: "after", action: "drop", limit: 2 })).toMatchObject({ treated: 2 });
  expect(await orders(9)).toEqual(["c", "d", "e"]);
  await treat(letters, { id: "rest", action: "drop" });
  await Promise.all([billing.close(), worker.close(), ...brokers.map(({ operator }) => operator.close())]);
});
