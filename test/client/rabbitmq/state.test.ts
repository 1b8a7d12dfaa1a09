import type { Channel } from "rabbitmq-client";
import { expect, it } from "vitest";
import { UntoldError } from "../../../client/message.ts";
import { stateOf } from "../../../client/rabbitmq/operator.ts";

/** What is told of a queue that is empty by queue.declare, as it also is while its leader is silent. */
const stateWhere = (basicGet: () => Promise<undefined>) => {
  const queueDeclare = async () => ({ messageCount: 0, consumerCount: 0 });
  return stateOf({ queueDeclare, basicGet } as unknown as Channel, undefined as never, "orders");
};

it("A queue is empty where its leader says so, and not where it does not answer", async () => {
  expect(await stateWhere(async () => undefined)).toEqual({ waiting: 0, consumers: 0, ours: 0 });
  const silent = stateWhere(async () => {
    throw new UntoldError("silent");
  });
  await expect(silent).rejects.toBeInstanceOf(UntoldError);
});
