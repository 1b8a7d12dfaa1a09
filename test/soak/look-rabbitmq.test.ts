import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rabbitmqLook } from "../../live/rabbitmq.ts";
import { PASSWORD } from "../engine/clusters.ts";
import { makeNetwork, type Network } from "./cluster/nodes.ts";
import { makeRabbitmqCluster, type RabbitmqCluster } from "./cluster/rabbitmq.ts";
import { chosen } from "./matrix.ts";
import { rabbitmqStates } from "./rabbitmqStates.ts";

/** What the gate's look says of queues that hold 10 messages, asked again and again from the moment on that a state begins: Pulumi starts too slowly to ask that early. */
const VHOST = "look";
const HELD = 10;
const ASKED_FOR_MS = 45_000;
const led = ["orders", "orders.dlq"];
const held = [...led, "history"];

let network: Network;
let rabbitmq: RabbitmqCluster;
beforeAll(async () => {
  network = await makeNetwork("messaging-soak-look");
  rabbitmq = await makeRabbitmqCluster(network);
  await rabbitmq.makeVhost(VHOST);
  for (const queue of held) {
    const type = led.includes(queue) ? "quorum" : "stream";
    await rabbitmq.api(`queues/${VHOST}/${queue}`, 1, ["PUT", { durable: true, arguments: { "x-queue-type": type } }]);
    await rabbitmq.fill(VHOST, queue, HELD);
  }
});
afterAll(() => network?.remove());

/** Each answer to one question: how many messages, or the first words of why that is not known. */
async function asked(queue: string | undefined): Promise<(number | string)[]> {
  const access = { managementUrl: rabbitmq.management(1), url: rabbitmq.amqp(1), username: "root", password: PASSWORD };
  const look = rabbitmqLook(access);
  try {
    if (queue !== undefined) return [(await look.queue(VHOST, queue))?.messages ?? 0];
    return (await look.contents(VHOST)).map(
      ({ holding, unknown }) => unknown?.message.slice(0, 120) ?? holding.messages,
    );
  } catch (error) {
    return [(error as Error).message.slice(0, 120)];
  } finally {
    await Promise.race([look.close(), wait(2_000)]);
  }
}

describe("the look at three nodes of RabbitMQ", () => {
  it.each(Object.keys(rabbitmqStates).filter(chosen))("never says less than what is held: %s", async (state) => {
    for (const queue of led) await rabbitmq.lead(VHOST, queue, 2);
    const undo = await rabbitmqStates[state]!({ rabbitmq, vhost: VHOST, led });
    const answers: Record<string, Set<number | string>> = {};
    for (const end = Date.now() + ASKED_FOR_MS; Date.now() < end; await wait(500)) {
      const questions = [...held, undefined].map(async (queue) => {
        const said = await asked(queue);
        const name = queue ?? "the vhost";
        answers[name] ??= new Set();
        for (const one of said) answers[name].add(one);
      });
      await Promise.all(questions);
    }
    await undo();
    await rabbitmq.settle();
    for (const [name, said] of Object.entries(answers)) {
      console.log(`${state} | ${name} | ${[...said].join("; ")}`);
      const less = [...said].filter((one) => typeof one === "number" && one < HELD);
      expect(less, `${state}: ${name}`).toEqual([]);
    }
  });
});
