import { afterAll, describe, expect, it } from "vitest";
import type { AppAccess } from "../../../client/access.ts";
import type { DeadLetter } from "../../../client/deadLetters.ts";
import { HEADERS } from "../../../client/headers.ts";
import { type Client, connect, OutdatedAccessError } from "../../../client/index.ts";
import { allDeadLetters, operate } from "../../../client/operate.ts";
import { treat } from "../../../client/redrive.ts";
import { retries } from "./environment.ts";
import { until } from "./rabbitmqTools.ts";

const { apps, operator } = retries();
const brokers = await operate(operator);
const shop = connect(apps.shop);
const billing = connect(apps.billing);
const opened: Client[] = [shop, billing];
afterAll(() => Promise.all([...opened, ...brokers.map((one) => one.operator)].map((one) => one.close())));

const lettersOf = (flow: string) => allDeadLetters(brokers).find((letters) => letters.flow === flow)!;

interface Flow {
  /** As it is published to, and as its dead letters are named. */
  flow: string;
  letters: string;
  by: Client;
  key?: string;
  /** Points the consumer to places that its app has no right to, or that are not there: what is left of an old access. */
  outdate: (access: AppAccess, all: boolean) => void;
}

const gone = "messaging.gone";
const flows: Record<string, Flow> = {
  rabbitmq: {
    flow: "rabbitmq/orders",
    letters: "rabbitmq/orders",
    by: shop,
    key: "order.refused",
    outdate({ rabbitmq }, all) {
      const orders = rabbitmq!.consumes.orders!;
      for (const wait of orders.retries!) wait.place = gone;
      if (all) orders.deadLetterExchange = gone;
    },
  },
  kafka: {
    flow: "kafka/user-events",
    letters: "kafka/user-events/notify",
    by: shop,
    outdate({ kafka }, all) {
      const events = kafka!.consumes.notify!["user-events"]!;
      for (const wait of events.retries) wait.place = gone;
      if (all) events.deadLetterTopic = gone;
    },
  },
  redis: {
    flow: "redis/notifications/receipts",
    letters: "redis/notifications/receipts/printer",
    by: billing,
    outdate({ redis }, all) {
      if (all) redis!.notifications!.consumes.receipts!.printer!.deadLetterStream = gone;
    },
  },
};

/** A consumer with an old access, as it handles a message that fails and one that does not. */
async function consumed({ flow, letters, by, key, outdate }: Flow, all: boolean) {
  await treat(lettersOf(letters), { id: "before", action: "drop" });
  const access = structuredClone(apps.worker);
  outdate(access, all);
  const client = connect(access);
  opened.push(client);
  const good: string[] = [];
  const told: Error[] = [];
  const consumer = await client.consume(
    flow,
    ({ id, body }) => {
      if (body.toString() === "poison") throw new TypeError("no");
      good.push(id);
    },
    { onError: (error) => void told.push(error) },
  );
  const keyed = key === undefined ? {} : { key };
  const { id } = await by.publish(flow, { body: "poison", ...keyed });
  const after = await by.publish(flow, { body: "good", ...keyed });
  return { consumer, id, after: after.id, good, told };
}

/** The dead letters of one message; other tests' may lie before them. */
const peeked = async (flow: string, id: string): Promise<DeadLetter[]> =>
  (await lettersOf(flow).peek(100)).filter((letter) => letter.id === id);

describe.each(Object.entries(flows))("a consumer on %s that is refused", (name, flow) => {
  it("its retry place puts what fails where it may, and goes on", async () => {
    const { consumer, id, after, good, told } = await consumed(flow, false);
    await until("the dead letter", async () => (await peeked(flow.letters, id)).length === 1);
    await until("the message behind it", () => good.includes(after));
    const [letter] = await peeked(flow.letters, id);
    // A group of Kafka finds its other retry topics, so all attempts are made.
    const attempt = name === "kafka" ? "3" : "1";
    expect(letter).toMatchObject({ id, headers: { [HEADERS.attempt]: attempt, [HEADERS.error]: "no" } });
    // On Redis a message waits in its group, and no place can be refused.
    if (name === "rabbitmq") expect(letter!.headers[HEADERS.refusal]).toContain(gone);
    await consumer.stop();
    expect(await consumer.ended).toBeUndefined();
    expect(told.filter((error) => error instanceof OutdatedAccessError)).toEqual([]);
  });

  it("every place ends with what to do, and gives back what it could not put anywhere", async () => {
    const { consumer, id, told } = await consumed(flow, true);
    const ended = await consumer.ended;
    expect(ended).toBeInstanceOf(OutdatedAccessError);
    expect(ended!.message).toContain("read the stack's `apps` output again and restart it");
    expect(told.at(-1)).toBe(ended);
    expect(await peeked(flow.letters, id)).toEqual([]);
    // One with the access of now takes it.
    const client = connect(apps.worker);
    opened.push(client);
    const next = await client.consume(flow.flow, ({ body }) => {
      if (body.toString() === "poison") throw new TypeError("again no");
    });
    await until("the dead letter", async () => (await peeked(flow.letters, id)).length === 1);
    await next.stop();
    expect((await peeked(flow.letters, id)).map((letter) => letter.id)).toEqual([id]);
    await treat(lettersOf(flow.letters), { id: "after", action: "drop" });
  });
});
