import { describe } from "vitest";
import { connect } from "../../../client/index.ts";
import { allDeadLetters, operate } from "../../../client/operate.ts";
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
