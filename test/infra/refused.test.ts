import { expect, it } from "vitest";
import { program } from "../mocks.ts";

it("An environment that its skill cannot use is refused before anything is declared", async () => {
  const config = { "messaging:brokers": "external", "messaging:aws": '{"region":"eu-central-1"}' };
  const refused = () => import("../../infra/index.ts").catch(({ message }: Error) => message);
  const { outputs, resources } = await program(refused, { config, stack: "local" });
  expect(outputs).toMatchInlineSnapshot(`
    "messaging:rabbitmq: must be set, because the skill uses it and messaging:brokers is external, got nothing
    messaging:kafka: must be set, because the skill uses it and messaging:brokers is external, got nothing
    messaging:redis: must be set, because the skill uses it and messaging:brokers is external, got nothing
    messaging:rabbitmqPassword: must be set by \`pulumi config set --secret messaging:rabbitmqPassword\`, got nothing
    messaging:kafkaPassword: must be set by \`pulumi config set --secret messaging:kafkaPassword\`, got nothing"
  `);
  expect(resources).toEqual([]);
});
