import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { connect } from "../../infra/brokers.ts";
import { amqpUrl, appMechanism } from "../../live/addresses.ts";
import { parseEnvironment, parseSkill } from "../../skill/index.ts";
import { program, registered, resolve, secret } from "../mocks.ts";

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
    const made = await registered(() => connect(args()));
    const providers = made.filter(({ type }) => type.startsWith("pulumi:providers:"));
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

  it("are asked which cluster they are before anything reaches them", async () => {
    const made = await registered(() => connect(args()));
    const providers = made.filter(({ type }) => type.startsWith("pulumi:providers:"));
    expect(providers.map(({ name, dependencies }) => [name, dependencies])).toEqual([
      ["rabbitmq", ["rabbitmq"]],
      ["kafka", ["kafka"]],
    ]);
    const clusters = made.filter(({ type }) => type.endsWith(":Cluster"));
    expect(clusters.map(({ inputs }) => inputs).sort((a, b) => (String(a.broker) > String(b.broker) ? -1 : 1))).toEqual(
      [
        {
          broker: "rabbitmq",
          connection: { managementUrl: "https://rabbit.example.org:15671", username: "root", password: secret("r") },
        },
        {
          broker: "kafka",
          connection: {
            bootstrapServers: ["kafka.example.org:9093"],
            securityProtocol: "SASL_SSL",
            saslMechanism: "SCRAM-SHA-512",
            username: "root",
            password: secret("k"),
          },
        },
      ],
    );
  });

  it("are Kafka with apps of the strength that the administrator has", () => {
    const mechanisms = ["plain", "scram-sha256", "scram-sha512"].map((mechanism) => [
      mechanism,
      appMechanism(mechanism),
    ]);
    expect(mechanisms).toEqual([
      ["plain", "SCRAM-SHA-512"],
      ["scram-sha256", "SCRAM-SHA-256"],
      ["scram-sha512", "SCRAM-SHA-512"],
    ]);
  });

  it.each([
    ["https://rabbit.example.org:15671", "amqps://rabbit.example.org:5671"],
    ["http://localhost:15672", "amqp://localhost:5672"],
  ])("whose endpoint is %s take apps at %s", (endpoint, url) => {
    expect(amqpUrl(endpoint)).toBe(url);
  });
});

const connected = async (brokers: object, config: object) => {
  const skill = parseSkill({ name: "outside", version: "2.0.0", apps: { shop: {} }, ...brokers });
  const environment = parseEnvironment({ brokers: "external", ...config });
  const secrets = { redisPassword: pulumi.secret("r") };
  const { outputs, resources } = await program(() =>
    connect({ stack: "prod", skill, environment, secret: "s", secrets }),
  );
  return { brokers: outputs!, providers: resources.map(({ type, name, inputs }) => [type, name, inputs]) };
};
const cluster = (connection: object) => ["messaging-extras:index:Cluster", "sqs", { broker: "sqs", connection }];

const region = "eu-central-1";
const endpoint = "http://127.0.0.1:4566";
// What the SDK adds by itself is among it.
const aws = { region, skipCredentialsValidation: "false", skipRegionValidation: "true" };
const emulator = {
  region,
  accessKey: secret("test"),
  secretKey: secret("test"),
  endpoints: JSON.stringify([{ sqs: endpoint, sts: endpoint, cloudwatch: endpoint, elasticache: endpoint }]),
  skipCredentialsValidation: "true",
  skipMetadataApiCheck: "true",
  skipRegionValidation: "true",
  skipRequestingAccountId: "true",
};

describe("external SQS", () => {
  const sqs = { queues: { payments: { producers: ["shop"] } } };

  it("is AWS, by the credentials of whoever runs Pulumi", async () => {
    const settings = { kmsKeyArn: "arn:aws:kms:k", alarmTopicArn: "arn:aws:sns:t", tags: { team: "t" } };
    const { brokers, providers } = await connected({ sqs }, { aws: { region, ...settings } });
    expect(providers).toEqual([cluster({ region }), ["pulumi:providers:aws", "aws", aws]]);
    expect(brokers.sqs?.args).toEqual({
      connection: { region },
      ...settings,
    });
  });

  it("is the emulator that the environment names", async () => {
    const { brokers, providers } = await connected({ sqs }, { aws: { region, endpoint } });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    expect(providers).toEqual([cluster({ region, endpoint, credentials }), ["pulumi:providers:aws", "aws", emulator]]);
    expect(brokers.sqs?.args.connection).toEqual({
      region,
      endpoint,
      credentials,
    });
  });
});

describe("external Redis", () => {
  const redis = { instances: { cache: { keys: { "k:*": ["shop"] } } } };

  it("is a server an instance, each with the one password", async () => {
    const servers = { cache: { host: "redis.example.org", username: "root" } };
    const { brokers, providers } = await connected({ redis }, { redis: { provision: "external", servers } });
    expect(providers).toEqual([]);
    const { provision } = brokers.redis!.args;
    if (provision.kind !== "external") throw new Error(provision.kind);
    const { password, ...server } = provision.servers.cache!;
    expect(server).toEqual({ host: "redis.example.org", port: 6379, tls: true, username: "root" });
    expect(await resolve(password)).toEqual({ value: "r", isSecret: true });
  });

  it("is ElastiCache of the sizes that the environment says", async () => {
    const config = {
      aws: { region, kmsKeyArn: "arn:aws:kms:k", tags: { team: "t" } },
      redis: { provision: "elasticache", nodeType: "cache.t4g.small", nodes: 3, subnetIds: ["subnet-1"] },
    };
    const { brokers, providers } = await connected({ redis }, config);
    expect(providers).toEqual([["pulumi:providers:aws", "redis", aws]]);
    expect(brokers.redis?.args).toEqual({
      provision: {
        kind: "elasticache",
        nodeType: "cache.t4g.small",
        nodes: 3,
        subnetIds: ["subnet-1"],
        kmsKeyArn: "arn:aws:kms:k",
        tags: { team: "t" },
      },
    });
  });

  it("is ElastiCache of the emulator that the environment names", async () => {
    const config = { aws: { region, endpoint }, redis: { provision: "elasticache" } };
    const { providers } = await connected({ redis }, config);
    expect(providers).toEqual([["pulumi:providers:aws", "redis", emulator]]);
  });
});
