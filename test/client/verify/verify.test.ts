import { expect, it } from "vitest";
import type { AppAccess } from "../../../client/access.ts";
import { ConnectionError, UntoldError } from "../../../client/message.ts";
import { verify } from "../../../client/verify/index.ts";

/** What verify says of `hung`, which cannot be told of in this way, and of `busy`, where a message waits. */
async function saidWhere(error: Error) {
  const consumes = (queue: string) => ({
    queue,
    prefetch: 1,
    maxAttempts: 1,
    retries: [],
    deadLetterExchange: "x",
    deadLetterQueue: `${queue}.dlq`,
  });
  const publishes = [{ exchange: "e", routingKeys: ["k"] }];
  const access = {
    rabbitmq: {
      url: "amqp://127.0.0.1:1",
      publishes: { hung: publishes, busy: publishes },
      consumes: { hung: consumes("hung"), busy: consumes("busy") },
    },
  } as unknown as AppAccess;
  const state = async (flow: string) => {
    if (flow === "rabbitmq/hung") throw error;
    return { waiting: 1, consumers: 0, ours: 0 };
  };
  const operator = { deadLetters: () => [], state } as never;
  const results = await verify({ apps: { app: access }, brokers: [{ broker: "rabbitmq", operator }] });
  return results.map(({ flow, verdict, reasons }) => `${flow}: ${verdict}: ${reasons}`);
}

it("A queue that cannot be told of says something of itself alone, and a broker that is away nothing of the others", async () => {
  expect(await saidWhere(new UntoldError("its leader is silent"))).toEqual([
    "rabbitmq/hung: broken: its leader is silent",
    "rabbitmq/busy: skipped: 1 messages wait and nobody consumes them: verify would have to read them",
  ]);
  expect(await saidWhere(new ConnectionError("gone"))).toEqual([
    "rabbitmq/hung: away: gone",
    "rabbitmq/busy: skipped: 1 messages wait and nobody consumes them: verify would have to read them",
  ]);
});
