import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { connect } from "../../infra/brokers.ts";
import { amqpUrl } from "../../infra/external/index.ts";
import { parseEnvironment, parseSkill } from "../../skill/index.ts";
import { program, registered, secret } from "../mocks.ts";

const skill = parseSkill({
  name: "outside",
  version: "2.0.0",
  apps: { shop: {} },
  rabbitmq: { queues: { orders: { producers: ["shop"] } } },
  kafka: { topics: { clicks: { producers: ["shop"] } } },
});
const environment = parseEnvironment({
  brokers: "external",
  rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "root" },
  kafka: { bootstrapServers: ["kafka.example.org:9093"], username: "root" },
});
const args = () => ({
  stack: "prod",
  skill,
  environment,
  secret: "s",
  secrets: { rabbitmqPassword: pulumi.secret("r"), kafkaPassword: pulumi.secret("k") },
});

describe("external brokers", () => {
  it("are reached by a provider each, and nothing is made for brokers that the skill does not use", async () => {
    const { outputs } = await program(async () =>
      Object.entries(await connect(args()))
        .filter(([, broker]) => broker)
        .map(([name]) => name),
    );
    expect(outputs).toEqual(["rabbitmq", "kafka"]);
    const providers = await registered(() => connect(args()));
    expect(providers.map(({ type, inputs }) => [type, inputs])).toEqual([
      [
        "pulumi:providers:rabbitmq",
        { endpoint: "https://rabbit.example.org:15671", username: "root", password: secret("r") },
      ],
      [
        "pulumi:providers:kafka",
        {
          bootstrapServers: '["kafka.example.org:9093"]',
          kafkaVersion: "4.1.0",
          saslMechanism: "scram-sha512",
          saslPassword: secret("k"),
          saslUsername: "root",
          skipTlsVerify: "false",
          tlsEnabled: "true",
        },
      ],
    ]);
  });

  it("that the skill uses must be there, each with its password", async () => {
    const { rabbitmq: _, ...without } = environment;
    await expect(program(() => connect({ ...args(), environment: without }))).rejects.toThrow(
      "messaging:rabbitmq: must be set, because the skill uses it and messaging:brokers is external, got nothing",
    );
    await expect(program(() => connect({ ...args(), secrets: {} }))).rejects.toThrow(
      "messaging:rabbitmqPassword: must be set by `pulumi config set --secret messaging:rabbitmqPassword`, got nothing",
    );
  });

  it.each([
    ["https://rabbit.example.org:15671", "amqps://rabbit.example.org:5671"],
    ["http://localhost:15672", "amqp://localhost:5672"],
  ])("whose endpoint is %s take apps at %s", (endpoint, url) => {
    expect(amqpUrl(endpoint)).toBe(url);
  });
});
