import { expect, it } from "vitest";
import { passwordFrom } from "../../components/password.ts";
import { program, resolve } from "../mocks.ts";

const value = "s".repeat(43);
const config = {
  "messaging:brokers": "local",
  "messaging:credentials": JSON.stringify({ fulfilment: { current: 3, previous: 2 } }),
};
const made = (type: string, name: string, inputs: Record<string, unknown>) =>
  type === "docker:index/container:Container"
    ? { ports: inputs.ports }
    : {
        value,
        ...(type === "aws:sqs/queue:Queue" && { arn: `arn:aws:sqs:us-east-1:000000000000:${name}`, url: name }),
      };

it("makes the users of the credentials that the stack's configuration says, and tells the current one", async () => {
  const run = () => program(() => import("../../infra/index.ts"), { config, stack: "local", state: made });
  const { outputs, resources } = await run();
  const users = resources.filter(({ type }) => /:(User|UserScramCredential)$/.test(type)).map(({ name }) => name);
  expect(users.sort()).toEqual([
    "fulfilment",
    "fulfilment.b",
    "notification-service",
    "notifications/fulfilment",
    "notifications/fulfilment.b",
    "notifications/notification-service",
    "notifications/order-service",
    "order-service",
    "order-service",
  ]);
  const { rabbitmq } = (await resolve(outputs!.apps)).value.fulfilment as {
    rabbitmq: { username: string; password: string };
  };
  expect([rabbitmq.username, rabbitmq.password]).toEqual(["fulfilment", passwordFrom(value, "rabbitmq/fulfilment#3")]);
});
