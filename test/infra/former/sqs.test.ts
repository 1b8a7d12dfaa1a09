import { expect, it } from "vitest";
import { formerAccess } from "../../../infra/former/index.ts";
import { parseEnvironment, parseSkill } from "../../../skill/index.ts";

const skill = parseSkill({
  name: "shop",
  version: "2.0.0",
  apps: { shop: {}, worker: {} },
  sqs: { queues: { payments: { producers: ["shop"], consumers: ["worker"], retry: { maxAttempts: 1 } } } },
});
const receives = [{ queue: "payments", maxReceiveCount: 4 }];
const told = (maxReceiveCount: number) => {
  return { worker: { sqs: { publishes: {}, consumes: { payments: { queueUrl: "", maxReceiveCount } } } } };
};
const after = async (earlier: Parameters<typeof formerAccess>[0]) => {
  const { sqs } = await formerAccess(earlier, skill, parseEnvironment({ brokers: "local" }), async () => undefined);
  return sqs;
};
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
const former = (hours: number) => ({
  broker: "sqs" as const,
  app: "worker",
  mark: "0",
  since: hoursAgo(hours),
  receives,
});

it("keeps SQS's count as the last output told it, and for a day after the next one, as nobody can see who receives", async () => {
  expect(await after({ apps: told(4) })).toMatchObject([{ app: "worker", receives }]);
  expect(await after({ apps: told(1), former: [former(23)] })).toMatchObject([{ app: "worker", receives }]);
  expect(await after({ apps: told(1), former: [former(25)] })).toEqual([]);
  expect(await after({ apps: told(1) })).toEqual([]);
});
